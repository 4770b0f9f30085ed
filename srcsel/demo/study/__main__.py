"""Make the study: `python -m srcsel.demo.study`.

Writes the raw numbers with their summary, what the verdict says of them, and the page. With --home
it goes on where it stopped; --again computes the summary of the raw numbers that are there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from srcsel.base.bars import Bars
from srcsel.demo.study.cases import study
from srcsel.demo.study.page import frequencies, page
from srcsel.demo.study.summary import summarize
from srcsel.store import files
from srcsel.store.memory import Memory
from srcsel.verdict.after import FREQUENCIES

STUDY = Path(__file__).parents[1] / "study.json"
PAGE = Path(__file__).parents[3] / "docs" / "study.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell command."""
    parser = argparse.ArgumentParser(
        prog="python -m srcsel.demo.study", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--home", type=Path, help="where work is kept, to go on after a stop; default: a new folder"
    )
    parser.add_argument("--again", action="store_true", help="only sum up what is there")
    parser.add_argument("--study", type=Path, default=STUDY, help="raw numbers and summary (JSON)")
    parser.add_argument(
        "--said", type=Path, default=FREQUENCIES, help="what the verdict says of them (JSON)"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="the findings (Markdown)")
    chosen = parser.parse_args(arguments)
    raw = files.read_json(chosen.study)["questions"] if chosen.again else _asked(chosen.home)
    told = {"summary": summarize(raw), "questions": raw}
    files.write_json(chosen.study, told)
    files.write_json(chosen.said, frequencies(told["summary"]))
    files.write_bytes(chosen.page, page(told["summary"]).encode())
    return 0


def _asked(home: Path | None) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as temporary, Bars() as bars:
        return study(Memory(home or Path(temporary)), bars)


if __name__ == "__main__":
    raise SystemExit(main())
