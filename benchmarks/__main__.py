"""Run every benchmark of this folder, one after the other: `python -m benchmarks [NAME ...]`."""

import subprocess
import sys
from pathlib import Path

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def main(names: list[str]) -> int:
    """Return the number of benchmarks that failed."""
    failed = 0
    for name in names or NAMES:
        print(f"\n=== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
