"""What a reader sees of a cell's outputs, without what differs between any two runs or machines."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nbexp.records import METRIC_MIME, STAGE_MIME

#: The lines that ``%time``, ``%timeit`` and their kin print.
_TIMES = re.compile(
    r"^(?:CPU times: .*|Wall time: .*|Compiler ?: .*|Parser +: .*|.* per loop \(mean .*|.*best of \d+: .* per loop.*"
    r"|peak memory: .*)\n?",
    re.MULTILINE,
)

#: What no two runs have in common: the address in ``<f at 0x7f12ab34cd>``.
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,}")

#: The same in HTML: ids that plotly, pandas' styles, scikit-learn and the like draw.
_DRAWN_IDS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=T_)[0-9a-f]{5}\b"
    r"|(?<=sk-container-id-)\d+|(?<=sk-estimator-id-)\d+"
    r"|(?<=id=[\"'])[A-Za-z-]*(?:\d{6,}|[0-9a-f]{32})(?=[\"'])"
)


@dataclass(frozen=True, slots=True)
class Appearance:
    """One output as it is compared.

    Attributes:
        kind: ``text``, ``error`` or ``display``.
        content: The text; the error's name and message; the display's content by MIME type.
    """

    kind: str
    content: Any


def appearances(outputs: Iterable[Any]) -> Iterator[Appearance]:
    """What is seen of a cell's outputs, in order; an output of which nothing counts is left out."""
    for output in outputs:
        if output.output_type == "stream":
            text = _TIMES.sub("", output.text) if output.name == "stdout" else ""
            if text:
                yield Appearance("text", _plain(text))
        elif output.output_type == "error":
            yield Appearance("error", (output.ename, _plain(output.evalue)))
        elif STAGE_MIME not in output.data and METRIC_MIME not in output.data:
            content = {kind: _content(kind, data) for kind, data in sorted(output.data.items())}
            yield Appearance("display", content)


def in_words(seen: Appearance) -> str:
    """An output for people; an image is named, not shown."""
    if seen.kind == "text":
        return str(seen.content)
    if seen.kind == "error":
        return ": ".join(seen.content)
    image = next((kind for kind in seen.content if kind.startswith("image/")), "")
    if image:
        return f"an image ({image})"
    return seen.content.get("text/plain") or f"a display ({', '.join(seen.content)})"


def _content(kind: str, data: Any) -> Any:
    if kind == "image/png":
        return _image(data)
    text = data if isinstance(data, str) else json.dumps(data, sort_keys=True)
    return _plain(text if kind == "text/plain" else _DRAWN_IDS.sub("…", text))


def _plain(text: str) -> str:
    """A text without what no two runs have in common; of a line that was written over and over, the last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.rstrip("\r\n").split("\n")]
    return _ADDRESS.sub("…", "\n".join(lines)).strip("\n")


def _image(data: str) -> Any:
    """A PNG by its pixels, for writers pack them differently; by its bytes where nothing here can unpack them."""
    try:
        content = base64.b64decode(data)
    except ValueError:
        return data
    try:
        return _pixels(content)
    except Exception:  # noqa: BLE001 - no Pillow, or a file that it cannot read, for whatever reason: the bytes are sure
        return content


def _pixels(content: bytes) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        if getattr(image, "is_animated", False):  # its pixels are those of the first picture only
            return content
        return image.mode, image.size, image.tobytes(), image.getpalette(), image.info.get("transparency")
