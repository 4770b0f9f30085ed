"""The shell: rank, score, models, evidence, settle, curve, report, cache, doctor, status and so on.

Heavy imports wait until they are needed; --help takes 0.1 s.

Exit status: 0 done, 1 nothing could be ranked, 2 bad arguments or input, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from srcsel import __version__
from srcsel.base.errors import Cancelled, InputError, SrcselError
from srcsel.base.scarce import NOT_ENOUGH, is_out_of_memory
from srcsel.cli import looking, options, ranking, truth
from srcsel.cli.output import BAD_INPUT, KEPT, NOTHING, STOPPED, say

Command = Callable[[argparse.Namespace, Sequence[str]], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Messages go to standard error."""
    arguments, extra = _parser().parse_known_args(argv)
    if extra and arguments.command != "app":
        _parser().error(
            f"unknown arguments: {' '.join(extra)} (see srcsel {arguments.command} --help)"
        )
    try:
        return arguments.run(arguments, extra)
    except (KeyboardInterrupt, Cancelled):
        say(KEPT)
        return STOPPED
    except InputError as error:
        say(f"srcsel: {error}")
        return BAD_INPUT
    except SrcselError as error:
        say(f"srcsel: {error}")
        return NOTHING
    except (MemoryError, RuntimeError, ImportError, OSError) as error:
        if isinstance(error, BrokenPipeError) or not is_out_of_memory(error):
            return _broken(error)
        say(f"srcsel: {NOT_ENOUGH}")
        return NOTHING


def _broken(error: Exception) -> int:
    """Go without a word where the reader of our output went away, as `head` does."""
    if not isinstance(error, BrokenPipeError):
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NOTHING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="srcsel",
        description="Which pretrained image model should I start from?",
        epilog="Begin with: srcsel rank FOLDER (one sub-folder a class), or srcsel app.",
    )
    parser.add_argument("--version", action="version", version=f"srcsel {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    options.rank(commands).set_defaults(run=_tidied(ranking.rank))
    options.score(commands).set_defaults(run=ranking.score)
    options.models(commands).set_defaults(run=looking.models)
    options.evidence(commands).set_defaults(run=_tidied(truth.evidence))
    options.settle(commands).set_defaults(run=_tidied(truth.settle))
    options.curve(commands).set_defaults(run=_tidied(truth.curve))
    options.report(commands).set_defaults(run=looking.report)
    options.cache(commands).set_defaults(run=looking.cache)
    options.doctor(commands).set_defaults(run=looking.doctor)
    options.status(commands).set_defaults(run=looking.status)
    options.uploads(commands).set_defaults(run=looking.uploads)
    options.app(commands).set_defaults(run=looking.app)
    return parser


def _tidied(command: Command) -> Command:
    """Let a command that computes clean the cache when it is done, as the worker does."""

    def run(arguments: argparse.Namespace, extra: Sequence[str]) -> int:
        from srcsel.store.cache import tidied

        return tidied(command)(arguments, extra)

    return run
