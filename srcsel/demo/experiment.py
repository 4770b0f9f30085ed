"""The paper's experiment on the bundled pictures: `python -m srcsel.demo.experiment`.

Every demo source model, and the pixels themselves, on every bundled target: all measures, a
quick check, and fine-tuning of the whole network over three seeds. By the same code as everybody's
runs. Each target's run ships with its evidence, and `experiment.json` sums up over the targets.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from srcsel.base.bars import Bars
from srcsel.base.records import Evidence, EvidenceKind, Protocol
from srcsel.base.settings import Settings
from srcsel.base.watch import Watch
from srcsel.demo.example import RUN_ID, RUNS, TARGET, share_maps, without_times
from srcsel.demo.findings import Told, mean_cosine, summarize
from srcsel.evidence.agreement import picked_again
from srcsel.evidence.gather import gather
from srcsel.evidence.sentence import sentence
from srcsel.features.recover import features_of
from srcsel.measures import MEASURES
from srcsel.pictures.bundled.targets import TARGETS
from srcsel.runs.run import answer, new_run
from srcsel.store import files
from srcsel.store.features import open_features, open_runs
from srcsel.store.runs import RunStore
from srcsel.verdict.wording import PREDICTORS, READINGS

PREFIX = "experiment-"
MODELS = "demo,packaged@64,pixels"
PROTOCOLS = (Protocol("probe"), Protocol("finetune", shots=5))
SUMMARY = Path(__file__).parent / "experiment.json"


def make(
    home: Path, targets: Sequence[str] = tuple(TARGETS), watch: Watch | None = None
) -> dict[str, Path]:
    """Answer and measure each target within `home`; returns the folder of each run.

    Goes on where it stopped.
    """
    settings = Settings(home, None, "cpu", None)
    runs = open_runs(settings)
    made = {}
    for target in targets:
        run_id = PREFIX + target
        question = replace(
            new_run(f"demo:{target}", MODELS, "all", device="cpu", title=TARGETS[target].title),
            id=run_id,
        )
        runs.save(without_times(answer(question, settings=settings, watch=watch), settings))
        for protocol in PROTOCOLS:
            runs.save_evidence(
                without_traces(gather(run_id, protocol, settings=settings, watch=watch))
            )
        made[target] = runs.folder / run_id
    return made


def without_traces(evidence: Evidence) -> Evidence:
    """Leave out the traces of failures, which name folders of the computer they happened on; the
    reasons stay.
    """
    return replace(evidence, failures=tuple(replace(f, detail="") for f in evidence.failures))


def told(home: Path, targets: Sequence[str] = tuple(TARGETS)) -> list[Told]:
    """Read the finished runs in `home` with their evidence, and look at how their features lie."""
    settings = Settings(home, None, "cpu", None)
    runs, store = open_runs(settings), open_features(settings)
    found = []
    for target in targets:
        result = runs.load(PREFIX + target)
        cones = {
            f.key.model: mean_cosine(f.values)
            for f in features_of(result, result.models, store, Watch())
        }
        found.append(Told(result, tuple(runs.evidences(result.run.id)), cones))
    return found


def told_again(runs: RunStore, summary: dict[str, Any]) -> list[Told]:
    """Read finished runs as `told` does, with their evidence in today's words, which is saved.

    Nothing is computed again: how the features lie is read from the summary of before.
    """
    found = []
    for target in summary["targets"]:
        result = runs.load(target["run"])
        kept = []
        for evidence in runs.evidences(result.run.id):
            rows = picked_again(result, evidence)
            said = sentence(
                evidence.accuracies,
                rows,
                evidence.close,
                result.models,
                tie=result.verdict.kind == "tie",
            )
            kept.append(replace(evidence, agreements=rows, sentence=said))
            runs.save_evidence(kept[-1])
        cones = {m["id"]: m["cone"] for m in target["models"] if m["cone"] is not None}
        found.append(Told(result, tuple(kept), cones))
    return found


def table(summary: dict[str, Any], kind: EvidenceKind) -> str:
    """Lay out a summary's predictors for one kind of evidence as a Markdown table, fewest points
    lost first.
    """
    targets = len(summary["targets"])
    lines = [
        "| predictor | Kendall's tau | weighted tau | Pearson | points lost | best model picked |",
        "|---|---|---|---|---|---|",
    ]
    for row in (row for row in summary["predictors"] if row["kind"] == kind):
        name = PREDICTORS.get(row["predictor"]) or MEASURES[row["predictor"]].title
        how = f", {READINGS[row['reading']].lower()}" if row["reading"] else ""
        means = [row["mean_tau"], row["mean_weighted_tau"], row["mean_pearson"]]
        cells = ["n/a" if mean is None else f"{mean:.2f}" for mean in means]
        lost = "n/a" if row["mean_regret"] is None else f"{row['mean_regret']:.1f}"
        lines.append(f"| {name}{how} | {' | '.join(cells)} | {lost} | {row['hits']} of {targets} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell command."""
    parser = argparse.ArgumentParser(
        prog="python -m srcsel.demo.experiment", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--home", type=Path, help="where work is kept, to go on after a stop; default: a new folder"
    )
    parser.add_argument("--runs", type=Path, default=RUNS, help="where the finished runs go")
    parser.add_argument(
        "--summary", type=Path, default=SUMMARY, help="where the summary goes (JSON)"
    )
    parser.add_argument(
        "--words",
        action="store_true",
        help="compute nothing: say what is stored in --runs and --summary in today's words",
    )
    chosen = parser.parse_args(arguments)
    if chosen.words:
        stored = RunStore(chosen.runs)
        summary = summarize(told_again(stored, files.read_json(chosen.summary)))
        files.write_json(chosen.summary, summary)
        return 0
    with tempfile.TemporaryDirectory() as temporary, Bars() as bars:
        home = chosen.home or Path(temporary)
        for folder in make(home, watch=bars).values():
            shutil.rmtree(chosen.runs / folder.name, ignore_errors=True)
            made = Path(shutil.copytree(folder, chosen.runs / folder.name))
            if made.name == PREFIX + TARGET.removeprefix("demo:"):
                share_maps(made, chosen.runs / RUN_ID)
        files.write_json(chosen.summary, summarize(told(home)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
