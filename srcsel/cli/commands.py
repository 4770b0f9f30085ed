"""The shell: rank, score, models, evidence, settle, curve, report, cache, doctor, status and so on.

Heavy imports wait until they are needed; --help takes 0.1 s.

Exit status: 0 done, 1 nothing could be ranked, 2 bad arguments or input, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel import __version__
from srcsel.base.errors import Cancelled, InputError, SrcselError
from srcsel.base.scarce import NOT_ENOUGH, is_out_of_memory
from srcsel.cli import options

if TYPE_CHECKING:
    from srcsel.base.records import Protocol, Result
    from srcsel.store.runs import RunStore

DONE, NOTHING, BAD_INPUT, STOPPED = 0, 1, 2, 130
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
        _say("Stopped. What was finished is kept: the same command goes on from there.")
        return STOPPED
    except InputError as error:
        _say(f"srcsel: {error}")
        return BAD_INPUT
    except SrcselError as error:
        _say(f"srcsel: {error}")
        return NOTHING
    except (MemoryError, RuntimeError, ImportError, OSError) as error:
        if isinstance(error, BrokenPipeError) or not is_out_of_memory(error):
            return _broken(error)
        _say(f"srcsel: {NOT_ENOUGH}")
        return NOTHING


def _broken(error: Exception) -> int:
    """Go without a word where the reader of our output went away, as `head` does."""
    if not isinstance(error, BrokenPipeError):
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NOTHING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="srcsel", description="Which pretrained image model should I start from?"
    )
    parser.add_argument("--version", action="version", version=f"srcsel {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    options.rank(commands).set_defaults(run=_tidied(_rank))
    options.score(commands).set_defaults(run=_score)
    options.models(commands).set_defaults(run=_models)
    options.evidence(commands).set_defaults(run=_tidied(_evidence))
    options.settle(commands).set_defaults(run=_tidied(_settle))
    options.curve(commands).set_defaults(run=_tidied(_curve))
    options.report(commands).set_defaults(run=_report)
    options.cache(commands).set_defaults(run=_cache)
    options.doctor(commands).set_defaults(run=_doctor)
    options.status(commands).set_defaults(run=_status)
    options.uploads(commands).set_defaults(run=_uploads)
    options.app(commands).set_defaults(run=_app)
    return parser


def _tidied(command: Command) -> Command:
    """Let a command that computes clean the cache when it is done, as the worker does."""

    def run(arguments: argparse.Namespace, extra: Sequence[str]) -> int:
        from srcsel.store.cache import tidied

        return tidied(command)(arguments, extra)

    return run


def _rank(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.bars import Bars
    from srcsel.pictures.corrections import corrections
    from srcsel.pictures.tables import read_corrections
    from srcsel.runs.run import answer, new_run

    given = read_corrections(arguments.corrections) if arguments.corrections else corrections()
    run = new_run(
        arguments.folder,
        arguments.models,
        arguments.measures,
        temperature=arguments.temperature,
        metric=arguments.metric,
        device=arguments.device,
        precision=arguments.precision,
        engine=arguments.engine,
        seed=arguments.seed,
        left_out=[*given.left_out, *arguments.leave_out],
        relabeled=[*given.relabeled, *map(tuple, arguments.relabel)],
        title=arguments.title,
        race=arguments.race,
        all_pictures=arguments.all_pictures,
    )
    status = [NOTHING]

    def hand_over(result: Result) -> None:
        with bars.aside():
            status.append(_hand_over(result, arguments.json))

    with Bars() as bars:
        answer(run, watch=bars, ready=hand_over)
    return status[-1]


def _score(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.bars import Bars
    from srcsel.cli.arrays import read_features
    from srcsel.runs.run import rank_features

    names = _names([Path(file) for file in arguments.files])
    given = Path(arguments.labels) if arguments.labels else None
    loaded = {
        name: read_features(Path(file), given)
        for name, file in zip(names, arguments.files, strict=True)
    }
    labels = next(iter(loaded.values()))["y"]
    for name, arrays in loaded.items():
        if arrays["y"].shape != labels.shape or not (arrays["y"] == labels).all():
            raise InputError(
                f"The labels y of {name} differ from those of {names[0]}. Models are compared on"
                " the same pictures in the same order: save one y for all."
            )
    with Bars() as bars:
        result = rank_features(
            {name: arrays["X"] for name, arrays in loaded.items()},
            labels,
            measures=arguments.measures,
            logits={
                name: arrays["logits"] for name, arrays in loaded.items() if "logits" in arrays
            },
            temperature=arguments.temperature,
            metric=arguments.metric,
            seed=arguments.seed,
            all_pictures=arguments.all_pictures,
            watch=bars,
        )
    return _hand_over(result, arguments.json)


def _models(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.cli.tables import print_models
    from srcsel.models.catalog import search, unreadable
    from srcsel.runs.public_json import model_json
    from srcsel.store.serialize import to_plain

    found, bad = search(arguments.search, hub=arguments.hub), unreadable(arguments.hub)
    if arguments.json:
        told = {"models": [model_json(model) for model in found], "unreadable": to_plain(bad)}
        _write_json(told, arguments.json)
    if arguments.json != "-":
        print_models(found)
    for file in bad:
        _say(f"{file.path} in the weights folder is not listed. {file.reason}")
    if not found:
        _say(f"No source model fits '{arguments.search}'. Use fewer words, or another hub.")
    return DONE


def _evidence(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.cli.tables import print_evidence
    from srcsel.evidence.gather import gather, ranked
    from srcsel.runs.public_json import to_json
    from srcsel.runs.settled import with_settled
    from srcsel.store.features import open_runs
    from srcsel.store.serialize import to_plain

    protocols = _protocols(arguments)
    with Bars() as bars:
        run_id = ranked(
            arguments.folder,
            arguments.models,
            arguments.measures,
            device=arguments.device,
            watch=bars,
        )
        found = [gather(run_id, p, measures=arguments.measures, watch=bars) for p in protocols]
    settings = load_settings()
    result = with_settled(open_runs(settings).load(run_id), settings)
    if arguments.json:
        _write_json({**to_json(result), "evidence": to_plain(found)}, arguments.json)
    if arguments.json != "-":
        for evidence in found:
            print_evidence(result, evidence)
    return DONE if any(evidence.accuracies for evidence in found) else NOTHING


def _settle(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.evidence.settle import settle
    from srcsel.store.features import open_runs
    from srcsel.verdict.measured import unfinished

    name = arguments.run_id
    if name == "latest":
        name = _latest(open_runs(load_settings()))
    with Bars() as bars:
        result = settle(
            name,
            arguments.models,
            minutes=arguments.minutes,
            device=arguments.device,
            watch=bars,
        )
    _hand_over(result, arguments.json)
    if not (reason := unfinished(result)):
        return DONE
    _say(f"srcsel: {reason}")
    return NOTHING


def _curve(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.cli.growth import print_outlook
    from srcsel.evidence.gather import ranked
    from srcsel.evidence.outlook import make
    from srcsel.runs.public_json import to_json
    from srcsel.store.features import open_runs
    from srcsel.store.serialize import to_plain

    runs = open_runs(load_settings())
    name = _latest(runs) if arguments.folder == "latest" else arguments.folder
    with Bars() as bars:
        outlook = make(ranked(name, arguments.models, None, watch=bars), watch=bars)
    result = runs.load(outlook.run)
    if arguments.json:
        _write_json({**to_json(result), "outlook": to_plain(outlook)}, arguments.json)
    if arguments.json != "-":
        print_outlook(result, outlook)
    return DONE


def _latest(runs: RunStore) -> str:
    """Return the id of the person's newest run."""
    own = [run.id for run in runs.list() if not run.example]
    if not own:
        raise InputError("There is no run yet. Make one with srcsel rank FOLDER.")
    return own[0]


def _protocols(arguments: argparse.Namespace) -> list[Protocol]:
    """Make the protocols that were asked for; shots and seeds are checked as numbers here."""
    from srcsel.base.records import Protocol

    shots = str(arguments.shots)
    if shots != "all" and not shots.isdecimal():
        raise InputError(
            f"--shots is the number of training pictures of each class, or all; got '{shots}'."
        )
    trained = Protocol(
        "finetune",
        shots=None if shots == "all" else int(shots),
        seeds=tuple(range(arguments.seeds)),
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
    )
    return {
        "probe": [Protocol("probe")],
        "finetune": [trained],
        "both": [Protocol("probe"), trained],
    }[arguments.check]


def _report(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.settings import load_settings
    from srcsel.report.make import write
    from srcsel.report.numbers import to_csv
    from srcsel.store.features import open_runs

    runs = open_runs(load_settings())
    run_id = _latest(runs) if arguments.run_id == "latest" else arguments.run_id
    result = runs.load(run_id)
    if arguments.csv:
        _write(to_csv(result), arguments.csv)
    if arguments.html or not arguments.csv:
        target = arguments.html or f"srcsel-{run_id}.html"
        _write(write({"run_id": run_id}).decode(), target)
        _say(f"Written: {target}")
    return DONE


def _cache(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.cli.keeping import cache

    told, text = cache(clean=arguments.clean, limit=arguments.limit)
    if arguments.json:
        _write_json(told, arguments.json)
    if arguments.json != "-":
        _write(text, "-")
    return DONE


def _doctor(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.cli.keeping import doctor

    told, text, well = doctor()
    if arguments.json:
        _write_json(told, arguments.json)
    if arguments.json != "-":
        _write(text, "-")
    return DONE if well else NOTHING


def _status(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.base.settings import load_settings
    from srcsel.cli.queue import job_json, print_jobs
    from srcsel.jobs import Board

    jobs = Board(load_settings().jobs).active()
    if arguments.json:
        _write_json({"jobs": [job_json(job) for job in jobs]}, arguments.json)
    if arguments.json != "-":
        print_jobs(jobs)
    return DONE


def _uploads(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    from srcsel.cli.uploads import print_uploads, upload_json
    from srcsel.pictures import uploads

    for key in arguments.remove:
        uploads.remove(key)
    found = uploads.listed()
    if arguments.json:
        _write_json({"uploads": [upload_json(one) for one in found]}, arguments.json)
    if arguments.json != "-":
        print_uploads(found)
    return DONE


def _app(arguments: argparse.Namespace, extra: Sequence[str]) -> int:
    package = Path(__file__).parents[1]
    places = (package / "_app" / "app.py", package.parent / "app.py")  # in the wheel; in a checkout
    script = next((place for place in places if place.is_file()), None)
    if script is None:
        raise InputError(
            f"The dashboard is missing: {places[0]} is not there. Install srcsel again."
        )
    if arguments.insecure:
        os.environ["SRCSEL_INSECURE"] = "1"
    flags = [flag for flag in extra if flag != "--"]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(script), *flags])


def _hand_over(result: Result, target: str | None) -> int:
    from srcsel.cli.tables import print_result
    from srcsel.runs.public_json import to_json

    if target:
        _write_json(to_json(result), target)
    if target != "-":
        print_result(result)
    if not result.scores:
        _say("srcsel: nothing could be ranked.")
        for failure in result.failures:
            _say(f"  {failure.model}: {failure.reason}")
        return NOTHING
    return DONE


def _names(files: Sequence[Path]) -> list[str]:
    """Name models after their files, with as much of the path as it takes to tell them apart."""
    stems = [file.stem for file in files]
    names = [
        str(file.with_suffix("")) if stems.count(file.stem) > 1 else file.stem for file in files
    ]
    if len(set(names)) < len(names):
        raise InputError("The same file is given twice. Give each model's features once.")
    return names


def _write_json(value: Any, target: str) -> None:
    _write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", target)


def _write(text: str, target: str) -> None:
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror}. Choose another file."
        ) from error


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
