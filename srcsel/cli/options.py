"""What each command of the shell is asked with."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import TYPE_CHECKING

from srcsel.base.sample_size import ALL_UP_TO, SIZE

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]


def rank(commands: Commands) -> ArgumentParser:
    """Add `srcsel rank`."""
    rank = commands.add_parser("rank", help="rank source models for a folder of labelled pictures")
    rank.add_argument(
        "folder",
        help=(
            "one sub-folder a class, or with a labels.csv; 'FOLDER/*' takes the folders below as"
            " the classes; or such a table; or s3://BUCKET/FOLDER, demo:NAME, public:NAME"
        ),
    )
    rank.add_argument(
        "--models",
        default="bundled",
        help=(
            "ids, presets (small, balanced, strongest), hubs (packaged, demo, pixels), queries"
            " ('timm:params<30M,commercial,top=20') or checkpoint files (FILE or"
            " FILE=ARCHITECTURE), with commas; ID@PIXELS reads pictures"
            " at another size than the model's own; default: bundled, all that come with srcsel"
        ),
    )
    rank.add_argument("--device", help="auto, cpu, cuda or mps; default: auto, or SRCSEL_DEVICE")
    rank.add_argument(
        "--precision",
        default="exact",
        help=(
            "exact (default; float32) or fast (bfloat16: larger models take half the time, scores"
            " hardly change)"
        ),
    )
    rank.add_argument(
        "--engine",
        metavar="NAME",
        help=(
            "what computes features: local (this computer; default), ray (the Ray that SRCSEL_RAY"
            " names, or one that is started here) or ray:HOST:PORT"
        ),
    )
    rank.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="FILE",
        help="a picture to leave out, relative; repeatable",
    )
    rank.add_argument(
        "--relabel",
        action="append",
        nargs=2,
        default=[],
        metavar=("FILE", "CLASS"),
        help="a picture and the class it belongs to, one there is or a new one; repeatable",
    )
    rank.add_argument(
        "--corrections",
        metavar="FILE.csv",
        help=(
            "a table of pictures to leave out or give another class (file, change, new_label), as"
            " Explore writes it; says what changed since the same was asked without"
        ),
    )
    rank.add_argument(
        "--race",
        action=BooleanOptionalAction,
        help=(
            "fast answer: models that the first pictures rule out are not scored on all; usual with"
            " more than 20 models"
        ),
    )
    _add_whole(rank)
    rank.add_argument("--title", default="", help="name of the run in History")
    _add_scoring(rank)
    _add_json(rank)
    return rank


def score(commands: Commands) -> ArgumentParser:
    """Add `srcsel score`."""
    score = commands.add_parser("score", help="score features you have: one file a model")
    score.add_argument(
        "files",
        nargs="+",
        metavar="FILE.npz",
        help=(
            "keys X (n, d), y (n,), optional logits (n, c); also .npy, .csv, .parquet, .pt and"
            " .safetensors"
        ),
    )
    score.add_argument(
        "--labels",
        metavar="FILE",
        help="labels in a file of their own: .npy, .csv with a column label, .txt with one a line",
    )
    _add_whole(score)
    _add_scoring(score)
    _add_json(score)
    return score


def models(commands: Commands) -> ArgumentParser:
    """Add `srcsel models`."""
    models = commands.add_parser("models", help="list the source models on offer")
    models.add_argument(
        "--hub", help="only this hub: packaged, demo, timm, torchvision, checkpoints, pixels"
    )
    models.add_argument("--search", default="", metavar="TEXT", help="words that must occur")
    _add_json(models)
    return models


def evidence(commands: Commands) -> ArgumentParser:
    """Add `srcsel evidence`."""
    evidence = commands.add_parser(
        "evidence", help="measure the accuracy really reached, and which score foretold it"
    )
    evidence.add_argument(
        "folder", help="pictures as for rank, which runs first; or the id of a finished run"
    )
    evidence.add_argument(
        "--models",
        default="bundled",
        help="as for rank; default: bundled. A run's own are used with its id",
    )
    evidence.add_argument(
        "--check",
        choices=("probe", "finetune", "both"),
        default="probe",
        help=(
            "probe (default): a linear classifier on the features; finetune: the whole network is"
            " trained from that classifier on, in the way that does best on a part of the training"
            " pictures; where none beats the classifier, that is kept"
        ),
    )
    evidence.add_argument(
        "--shots", default="10", help="training pictures of each class, or all; default: 10"
    )
    evidence.add_argument(
        "--seeds", type=int, default=3, help="trainings of each model, one split each; default: 3"
    )
    evidence.add_argument(
        "--epochs", type=int, default=15, help="passes over the training pictures; default: 15"
    )
    evidence.add_argument(
        "--learning-rate",
        type=float,
        metavar="RATE",
        help=(
            "of the training; default: the better of 0.0002 and 0.0006, chosen on a part of the"
            " training pictures"
        ),
    )
    evidence.add_argument("--measures", default="all", help="names with commas, or all (default)")
    evidence.add_argument(
        "--device", help="auto, cpu, cuda or mps; default: auto, or SRCSEL_DEVICE"
    )
    _add_json(evidence)
    return evidence


def settle(commands: Commands) -> ArgumentParser:
    """Add `srcsel settle`."""
    settle = commands.add_parser(
        "settle",
        help="train the models that a run cannot tell apart, until their order is clear",
        description=(
            "Train the models that a run cannot tell apart, in a race: each on one split of the"
            " pictures after the other, the same for all; who is behind beyond doubt leaves. The"
            " verdict then says what was measured. Stopped, the same command goes on."
        ),
    )
    settle.add_argument(
        "run_id",
        metavar="RUN",
        help="id of a finished run, as in its link; or latest; or pictures as for rank, which run"
        " first",
    )
    settle.add_argument(
        "--minutes", type=float, default=10.0, help="time allowed for the trainings; default: 10"
    )
    settle.add_argument(
        "--models",
        default="bundled",
        help="as for rank; default: bundled. A run's own are used with its id",
    )
    settle.add_argument("--device", help="auto, cpu, cuda or mps; default: auto, or SRCSEL_DEVICE")
    _add_json(settle)
    return settle


def curve(commands: Commands) -> ArgumentParser:
    """Add `srcsel curve`."""
    curve = commands.add_parser(
        "curve", help="more pictures? how many, and what they would bring, from a finished run"
    )
    curve.add_argument(
        "folder",
        metavar="RUN",
        help="id of the run, or latest; or pictures as for rank, which then runs first",
    )
    curve.add_argument(
        "--models", default="bundled", help="as for rank; a run's own are used with its id"
    )
    _add_json(curve)
    return curve


def report(commands: Commands) -> ArgumentParser:
    """Add `srcsel report`."""
    report = commands.add_parser(
        "report", help="write a finished run as one HTML file, or its numbers as CSV"
    )
    report.add_argument("run_id", metavar="RUN", help="id of the run, as in its link; or latest")
    report.add_argument(
        "--html", metavar="FILE", help="default, without --csv: srcsel-RUN.html in this folder"
    )
    report.add_argument("--csv", metavar="FILE", help="every number; - = to standard output")
    return report


def cache(commands: Commands) -> ArgumentParser:
    """Add `srcsel cache`."""
    cache = commands.add_parser(
        "cache",
        help="what is kept on this computer, how large it is; make space",
        description=(
            "List what is kept and what of it your runs need. Beyond the limit (SRCSEL_CACHE, in"
            " GB; usually 50) what no run needs goes after a run, the least recently used first."
        ),
    )
    cache.add_argument(
        "--clean", action="store_true", help="remove what no run needs, down to the limit, now"
    )
    cache.add_argument(
        "--limit",
        type=float,
        metavar="GB",
        help="with --clean: down to so much; 0 removes all that no run needs",
    )
    _add_json(cache)
    return cache


def doctor(commands: Commands) -> ArgumentParser:
    """Add `srcsel doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="whether this computer is fit for srcsel, each problem with its remedy",
        description=(
            "Look at versions, disk, device, roots, sign-in, what is kept, where weights are looked"
            " for and the log, and run a small test. Exit status 1 where something is wrong."
        ),
    )
    _add_json(doctor)
    return doctor


def status(commands: Commands) -> ArgumentParser:
    """Add `srcsel status`."""
    status = commands.add_parser(
        "status", help="what the dashboard's jobs are doing, and which wait in which order"
    )
    _add_json(status)
    return status


def uploads(commands: Commands) -> ArgumentParser:
    """Add `srcsel uploads`."""
    uploads = commands.add_parser(
        "uploads", help="zips that were uploaded to the dashboard: list them, or remove some"
    )
    uploads.add_argument(
        "--remove",
        action="append",
        default=[],
        metavar="ID",
        help="remove this one for all who uploaded it; repeatable",
    )
    _add_json(uploads)
    return uploads


def app(commands: Commands) -> ArgumentParser:
    """Add `srcsel app`."""
    app = commands.add_parser(
        "app",
        help="open the dashboard at http://127.0.0.1:8501",
        description=(
            "Open the dashboard at http://127.0.0.1:8501, for this computer only; where that port"
            " is taken, at the next free one."
        ),
        epilog=(
            "Another port: --server.port 9000. For others in your network: --server.address 0.0.0.0"
            " with SRCSEL_HOSTS, the names it answers to, and a sign-in: SRCSEL_PASSWORD, or [auth]"
            " in .streamlit/secrets.toml (docs/team.md). Every further option goes to Streamlit."
        ),
    )
    app.add_argument(
        "--insecure",
        action="store_true",
        help=(
            "for others in your network, but without a sign-in: whoever reaches the address can see"
            " all pictures and runs, start, stop and delete runs, and use this computer"
        ),
    )
    return app


def _add_whole(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--all-pictures",
        action="store_true",
        help=(
            f"of more than {ALL_UP_TO:,} pictures use all, and not a sample of about {SIZE:,}; says"
            " first how long that takes"
        ),
    )


def _add_scoring(command: ArgumentParser) -> None:
    command.add_argument(
        "--measures", help="names with commas, or all; default: the two bars, kNN and LogME"
    )
    command.add_argument(
        "--temperature", type=float, default=0.5, help="of SCL, corrected reading; default: 0.5"
    )
    command.add_argument("--metric", default="cosine", help="of MSC: cosine (default) or euclidean")
    command.add_argument(
        "--seed", type=int, default=0, help="of the re-checks and maps; default: 0"
    )


def _add_json(command: ArgumentParser) -> None:
    command.add_argument(
        "--json", metavar="FILE", help="write JSON; - = to standard output, and nothing else"
    )
