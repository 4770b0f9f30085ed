"""Train the demo source models from nothing: `python -m srcsel.demo.train`.

Ten networks of one architecture: one for each source task, and two controls (shuffled labels, no
training). Each is written to weights/<name>.safetensors (float16) with its card
weights/<name>.json. A finished model is skipped, so a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srcsel.demo import network as net
from srcsel.demo.tasks import SIDE, TASKS, Task

if TYPE_CHECKING:
    import torch

WEIGHTS = Path(__file__).parent / "weights"
PICTURES = 8192  # training pictures of one task
HELD_OUT = 2000  # fresh pictures that the card's accuracy is measured on
TRAIN_SEED, HELD_OUT_SEED = 1, 2
STEPS = 1000  # batches


@dataclass(frozen=True)
class Plan:
    """One model to make: which task it learns, and whether it really does."""

    name: str
    task: Task
    title: str
    note: str
    learns: bool = True
    shuffled: bool = False

    @property
    def control(self) -> bool:
        """Whether it learned nothing: a yardstick, never a model to start from."""
        return self.shuffled or not self.learns


def plans() -> dict[str, Plan]:
    """Return the eight source models and the two controls, by name."""
    made = {
        t.name: Plan(t.name, t, t.title, f"Learned {t.task} from {t.data}.") for t in TASKS.values()
    }
    lessons = TASKS["flowers"]
    wrong = (
        "A yardstick: trained like the others, on the flowers, but with labels shuffled at random."
        " A real model should beat it."
    )
    blank = (
        "A yardstick: never trained, weights as first drawn at random. A real model should beat it."
    )
    made["shuffled"] = Plan(
        "shuffled", lessons, "Shuffled labels (yardstick)", wrong, shuffled=True
    )
    made["untrained"] = Plan("untrained", lessons, "No training (yardstick)", blank, learns=False)
    return made


def make(
    plan: Plan,
    folder: Path,
    *,
    steps: int = STEPS,
    pictures: int = PICTURES,
    held_out: int = HELD_OUT,
    tell: Callable[[int], None],
) -> Path:
    """Train the model of `plan`, write weights and card into `folder`, return the card's path.

    `tell` is called with the steps done. Both files appear whole or not at all, the card last.
    """
    import torch
    from safetensors.torch import save

    started = time.perf_counter()
    torch.manual_seed(sum(plan.name.encode()))
    network = net.build(len(plan.task.classes))
    steps = steps if plan.learns else 0
    if steps:
        net.fit(network, *_lessons(plan, pictures), steps=steps, tell=tell)
    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    network.load_state_dict(state)  # measure what is shipped, rounding included
    accuracy = net.accuracy(network, *plan.task.sample(held_out, HELD_OUT_SEED))
    blob = save({k: v.contiguous() for k, v in state.items()})
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{plan.name}.safetensors", blob)
    card = _card(plan, network, accuracy, steps) | {
        "bytes": len(blob),
        "sha256": hashlib.sha256(blob).hexdigest(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    _write(folder / f"{plan.name}.json", (json.dumps(card, indent=1) + "\n").encode())
    return folder / f"{plan.name}.json"


def finished(name: str, folder: Path) -> bool:
    """Tell whether the weights of `name` lie in `folder` and are those its card speaks of."""
    weights, card = folder / f"{name}.safetensors", folder / f"{name}.json"
    if not (weights.is_file() and card.is_file()):
        return False
    return (
        json.loads(card.read_bytes())["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell command; returns 0 when every model asked for is there."""
    known = plans()
    parser = argparse.ArgumentParser(
        prog="python -m srcsel.demo.train", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=known,
        default=list(known),
        metavar="NAME",
        help=", ".join(known),
    )
    parser.add_argument("--force", action="store_true", help="train again what is already there")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    parser.add_argument("--folder", type=Path, default=WEIGHTS, help="where weights and cards go")
    parser.add_argument(
        "--steps", type=int, default=STEPS, help=f"training steps of each model (default {STEPS})"
    )
    chosen = parser.parse_args(arguments)
    _make_all([known[name] for name in chosen.only], chosen)
    return 0


def _make_all(wanted: Sequence[Plan], chosen: argparse.Namespace) -> None:
    """Make one model after the other with a progress bar, skipping those that are finished."""
    import torch
    from rich.progress import Progress

    torch.set_num_threads(chosen.threads)
    with Progress() as progress:
        for plan in wanted:
            if finished(plan.name, chosen.folder) and not chosen.force:
                progress.console.print(f"{plan.name}: already there (--force trains it again)")
                continue
            bar = progress.add_task(plan.name, total=chosen.steps)
            card = make(
                plan,
                chosen.folder,
                steps=chosen.steps,
                tell=lambda done, b=bar: progress.update(b, completed=done),
            )
            progress.update(bar, completed=chosen.steps)
            facts = json.loads(card.read_bytes())
            progress.console.print(
                f"{plan.name}: {facts['accuracy']:.1%} right on its own task,"
                f" {facts['seconds']:.0f} s"
            )


def _lessons(plan: Plan, pictures: int) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = plan.task.sample(pictures, TRAIN_SEED)
    return pixels, np.random.default_rng(0).permutation(labels) if plan.shuffled else labels


def _card(plan: Plan, network: torch.nn.Module, accuracy: float, steps: int) -> dict[str, object]:
    """Say what the pages show of the model and what loading it takes."""
    return {
        "name": plan.name,
        "title": plan.title,
        "architecture": net.ARCHITECTURE,
        "architecture_kwargs": net.ARCHITECTURE_KWARGS,
        "source_classes": len(plan.task.classes),
        "classes": list(plan.task.classes),
        "task": "nothing (yardstick)" if plan.control else plan.task.task,
        "control": plan.control,
        "data": plan.task.data if plan.learns else "none",
        "accuracy": round(accuracy, 4),
        "chance": round(1 / len(plan.task.classes), 4),
        "input_size": SIDE,
        "mean": list(net.MEAN),
        "std": list(net.STD),
        "interpolation": "bilinear",
        "resize": "squash",
        "params": sum(p.numel() for p in network.parameters()),
        "gmacs": round(net.gmacs(network), 4),
        "dim": network.num_features,
        "license": "MIT",
        "note": plan.note,
        "steps": steps,
    }


def _write(path: Path, blob: bytes) -> None:
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_bytes(blob)
    partial.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
