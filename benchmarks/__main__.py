"""Run the benchmarks of this folder, one after the other: `python -m benchmarks [NAME ...]`.

Those that take minutes and tell of no speed that changes often run only where they are named.
`python -m benchmarks --table [TABLE ...]` prints what the last run found as Markdown.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks._common import markdown

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
ALONE = ("large", "learning_curve", "scale", "time_left", "users")
USUAL = [name for name in NAMES if name not in ALONE]
MINUTES = 20  # for all of them together; what is left of it ends a benchmark that takes longer


def run_all(names: list[str]) -> int:
    """Return the number of benchmarks that failed or were not reached."""
    begun, failed = time.monotonic(), 0
    for name in names:
        left = max(0.0, 60 * MINUTES - (time.monotonic() - begun))
        print(f"\n=== {name}", flush=True)
        start = time.monotonic()
        try:
            ended = subprocess.run(
                [sys.executable, "-m", f"benchmarks.{name}"], check=False, timeout=left
            )
            failed += ended.returncode != 0
        except subprocess.TimeoutExpired:
            print(
                f"{name} was stopped: all benchmarks together may take {MINUTES} minutes. Run it"
                " alone."
            )
            failed += 1
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(NAMES)}, or of the tables")
    parser.add_argument("--table", action="store_true", help="print the last results as Markdown")
    asked = parser.parse_args()
    if asked.table:
        print(markdown(asked.names))
        return 0
    return run_all(asked.names or USUAL)


if __name__ == "__main__":
    sys.exit(main())
