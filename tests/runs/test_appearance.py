"""An image as it is compared: what it shows where Pillow is there, its bytes where it is not."""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable
from typing import Any

import pytest
from nbformat.v4 import new_output

from nbexp.runs.appearance import appearances


def encoded(image: Any, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "png", **options)
    return base64.b64encode(buffer.getvalue()).decode()


def png(level: int = 9, colour: int = 0, note: str = "", size: int = 20) -> str:
    from PIL import Image, PngImagePlugin

    information = PngImagePlugin.PngInfo()
    if note:
        information.add_text("Software", note)
    return encoded(Image.new("RGB", (size, size), (colour, 0, 0)), compress_level=level, pnginfo=information)


def palette(colour: int, **options: Any) -> str:
    """An image of the same pixels, whatever the colour that they stand for."""
    from PIL import Image

    image = Image.new("P", (4, 4))
    image.putpalette([colour, 0, 0, 0, 0, 255])
    return encoded(image, **options)


def film(second: int) -> str:
    from PIL import Image

    first, last = (Image.new("RGB", (4, 4), (colour, 0, 0)) for colour in (0, second))
    return encoded(first, save_all=True, append_images=[last])


def cut(image: str) -> str:
    return base64.b64encode(base64.b64decode(image)[:-30]).decode()


def seen(image: str) -> Any:
    return list(appearances([new_output("display_data", data={"image/png": image})]))


#: Two images, and whether they are the same: with Pillow, without it.
IMAGES: dict[str, tuple[Callable[[], str], Callable[[], str], bool, bool]] = {
    "the same file": (png, png, True, True),
    "another writer": (png, lambda: png(1, note="another writer"), True, False),
    "colour": (png, lambda: png(colour=1), False, False),
    "size": (png, lambda: png(size=21), False, False),
    "palette": (lambda: palette(1), lambda: palette(2), False, False),
    "palette as it was": (lambda: palette(1), lambda: palette(1, compress_level=0), True, False),
    "transparency": (lambda: palette(1), lambda: palette(1, transparency=0), False, False),
    "a later picture of a film": (lambda: film(1), lambda: film(2), False, False),
    "a film as it was": (lambda: film(1), lambda: film(1), True, True),
    "no image": (png, lambda: base64.b64encode(b"no image").decode(), False, False),
    "no base64": (lambda: "a", lambda: "b", False, False),
    "cut files": (lambda: cut(png()), lambda: cut(png(colour=1)), False, False),
    "a cut file twice": (lambda: cut(png()), lambda: cut(png()), True, True),
}


@pytest.mark.parametrize("name", IMAGES)
def test_images_with_pillow(name: str) -> None:
    pytest.importorskip("PIL")
    one, other, same, _ = IMAGES[name]
    assert (seen(one()) == seen(other())) is same


@pytest.mark.parametrize("name", IMAGES)
def test_images_without_pillow(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    one, other = (make() for make in IMAGES[name][:2])
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert (seen(one) == seen(other)) is IMAGES[name][3]
