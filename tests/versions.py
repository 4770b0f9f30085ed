"""Try the lowest and the newest versions of the stated dependencies, each in an environment that is
thrown away: `python -m tests.versions lowest` (or `newest`). Needs uv (`pip install uv`), the
network, and 6 GB of disk for PyTorch.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESOLUTION = {"lowest": "lowest-direct", "newest": "highest"}
ROOMS = (
    "base store pictures models measures scoring verdict features explore runs charts evidence"
    " report pages cli"
)
NAMES = "import srcsel; print(len([getattr(srcsel, name) for name in srcsel.__all__]), 'names')"
TRIED = (
    ["-c", NAMES],
    ["-m", "srcsel", "rank", "demo:digits", "--models", "demo/glyphs,demo/flowers,pixels"],
    ["-m", "pytest", "-p", "no:cacheprovider", "-W", "default"]
    + [f"tests/{room}" for room in ROOMS.split()],
)
"""What must work: every public name, the demo, and the tests of the rooms."""


def main() -> int:
    """Make the environment, run what must work in it; 1 if something did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__)
    parser.add_argument("which", choices=RESOLUTION)
    parser.add_argument("--python", default="3.11", help="version of Python; default: 3.11")
    parser.add_argument("--keep", type=Path, help="make the environment here, or use the one there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary) / "environment"
        python = folder / "bin" / "python"
        if not python.is_file():
            _uv("venv", "--python", chosen.python, str(folder))
            install = ("pip", "install", "--python", str(python))
            resolution = ("--resolution", RESOLUTION[chosen.which])
            _uv(*install, *resolution, "-r", str(ROOT / "pyproject.toml"), "--extra", "test")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SRCSEL_HOME": f"{temporary}/home"}
        failed = [
            arguments
            for arguments in TRIED
            if subprocess.run([python, *arguments], cwd=ROOT, env=environment).returncode
        ]
    for arguments in failed:
        sys.stderr.write(f"Failed with the {chosen.which} versions: {' '.join(arguments)}\n")
    return bool(failed)


def _uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *arguments], check=True)


if __name__ == "__main__":
    raise SystemExit(main())
