"""``make bench``: every measurement, one after the other; ratios are of things measured side by side in one run.

python -m tests.benchmarks [NAME ...]      fingerprint kernel libraries load store
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the measurements named, or all; each in a process of its own."""
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    for name in sys.argv[1:] or known:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.bench_{name}"], check=True)


if __name__ == "__main__":
    main()
