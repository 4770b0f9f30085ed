"""Timing for the benchmarks: competitors take turns in one run, medians count; memory is that of a
fresh process.
"""

import contextlib
import ctypes
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results.json"
SPEED = Path(__file__).parents[1] / "docs" / "speed.md"
# what products may use
FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd", "sve")
LIBRARIES = ("srcsel", "numpy", "scipy", "scikit-learn", "torch", "umap-learn")


def machine() -> dict[str, object]:
    """What was measured on, in general words."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "flags": [flag for flag in FLAGS if flag in _cpuinfo("flags", "Features").split()],
        "cores": os.cpu_count(),
        "memory (GiB)": round(memory / 2**30),
        "python": platform.python_version(),
        **versions,
    }


class Seconds(float):
    """Seconds on the clock, with the seconds of all cores together as `cpu`."""

    cpu: float

    def __new__(cls, clock: float, cpu: float) -> "Seconds":
        made = super().__new__(cls, clock)
        made.cpu = cpu
        return made

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(float(self) + float(other), self.cpu + other.cpu)


def taken(run: Callable[[], object]) -> Seconds:
    """Seconds of one call."""
    cpu, clock = time.process_time(), time.perf_counter()
    run()
    return Seconds(time.perf_counter() - clock, time.process_time() - cpu)


def medians(
    competitors: Mapping[str, Callable[[], object]], repeats: int = 3
) -> dict[str, Seconds]:
    """Median seconds of each; they take turns, so that a busy moment hits all of them."""
    found: dict[str, list[Seconds]] = {name: [] for name in competitors}
    for _ in range(repeats):
        for name, run in competitors.items():
            found[name].append(taken(run))
    return {
        name: Seconds(statistics.median(each), statistics.median(one.cpu for one in each))
        for name, each in found.items()
    }


def product_speed(precision: str = "float32", size: int = 4096) -> float:
    """Operations a second of a large product, the best of five: nothing exact can be faster than
    that.
    """
    A = np.random.default_rng(0).standard_normal((size, size)).astype(precision)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        _ = A @ A
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def in_fresh_process(module: str, case: str) -> tuple[Seconds, float]:
    """What `python -m module --peak CASE` took, and the MB that it reached above what it held
    before the case.
    """
    told = subprocess.run(
        [sys.executable, "-m", module, "--peak", case], capture_output=True, text=True, check=True
    )
    clock, cpu, peak = map(float, told.stdout.split())
    return Seconds(clock, cpu), peak


def report_peak(prepare: Callable[[], object], run: Callable[[object], object]) -> None:
    """The child's side: print the seconds on the clock and of all cores, and the MB."""
    given = prepare()
    before = _resident()
    seconds = taken(lambda: run(given))
    print(float(seconds), seconds.cpu, most_held() - before / 1e6)


def forget_most() -> float:
    """Begin to count anew the most memory that is held; what this process holds now, in MB.

    What was held before and given back would hide what is held later, the more the less that is.
    """
    count = Path("/proc/self/clear_refs")
    if count.exists():
        with contextlib.suppress(AttributeError, OSError):  # where libc is another one
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        count.write_text("5")  # Linux: resets the peak
    return most_held()


def most_held() -> float:
    """Most memory this process ever held, in MB; `getrusage` would count that of the process which
    started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    return _most() / 1e6


def row(
    name: str,
    usual: float | None,
    ours: float,
    least: float | None = None,
    peak: float | None = None,
    **more,
):
    """One line of the table: how many times faster, seconds, the products' least time, MB, seconds
    of all cores.
    """
    found = {"what": name, "ratio": None if usual is None else float(usual) / ours}
    found |= {
        "usual": None if usual is None else float(usual),
        "ours": float(ours),
        "limit": least,
        "peak MB": peak,
    }
    if isinstance(ours, Seconds):
        found["ours, all cores"] = ours.cpu
    if isinstance(usual, Seconds):
        found |= {
            "usual, all cores": usual.cpu,
            "ratio, all cores": usual.cpu / getattr(ours, "cpu", float("nan")),
        }
    return found | more


PRODUCTS = (
    "seconds; limit = the products alone at the speed measured here; all cores = seconds of all"
    " cores together"
)


def tell(
    name: str, rows: Sequence[Mapping[str, object]], *, means: str = PRODUCTS, **more: object
) -> None:
    """Print the table and put it into benchmarks/results.json; `means` says what its numbers are.

    That file holds the tables of one computer: on another it is begun anew.
    """
    about = {
        "means": means,
        "load before": round(os.getloadavg()[0], 1),
        "threads of linear algebra": _threads(),
    }
    print(f"\n{name}   ({means})\n" + aligned(rows))
    here = machine()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    tables = kept["tables"] if kept.get("machine") == here else {}
    tables[name] = {**about, "rows": list(rows), **more}
    RESULTS.write_text(json.dumps({"machine": here, "tables": tables}, indent=1) + "\n")
    page = SPEED.read_text(encoding="utf-8")
    if (told := with_table(page, name, rows)) != page:
        SPEED.write_text(told, encoding="utf-8")


def with_table(text: str, name: str, rows: Sequence[Mapping[str, object]]) -> str:
    """The page with these rows between its marks of that table, where it has such marks."""
    begin, end = f"<!-- benchmark {name} -->\n", "<!-- end -->"
    before, found, after = text.partition(begin)
    if not found:
        return text
    head, *lines = [f"| {' | '.join(line)} |" for line in _cells([_told(r) for r in rows])]
    rule = "|" + "---|" * (head.count(" | ") + 1)
    return (
        before
        + begin
        + "\n".join(["", head, rule, *lines, ""])
        + "\n"
        + end
        + after.partition(end)[2]
    )


def _told(r: Mapping[str, object]) -> dict[str, object]:
    """A row as the page has it: what, how large, and seconds; all of one that compares nothing."""
    if "ours" not in r:
        return dict(r)
    size = r.get("n, d, classes")
    told: dict[str, object] = {"what": r["what"]}
    if size:
        told["pictures x features, classes"] = "{:,} x {:,}, {:,}".format(*size)  # type: ignore[misc]
    named = {"usual": "usual way (s)", "ours": "srcsel (s)", "ratio": "ratio", "limit": "limit (s)"}
    named |= {"of it": "limit / srcsel", "peak MB": "MB"}
    return told | {title: r.get(key) for key, title in named.items()}


def aligned(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows in columns, for the shell."""
    cells = _cells(rows)
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def markdown(names: Sequence[str] = ()) -> str:
    """The tables of benchmarks/results.json, all or those named, with the machine they were
    measured on.
    """
    kept = json.loads(RESULTS.read_text())
    parts = [", ".join(f"{key} {_short(value)}" for key, value in kept["machine"].items())]
    for name in names or kept["tables"]:
        table = kept["tables"][name]
        head, *lines = [f"| {' | '.join(line)} |" for line in _cells(table["rows"])]
        rule = "|" + "---|" * (head.count(" | ") + 1)
        parts.append("\n".join([f"{name}: {table['means']}", "", head, rule, *lines]))
    return "\n\n".join(parts)


def _cells(rows: Sequence[Mapping[str, object]]) -> list[list[str]]:
    columns = list(dict.fromkeys(key for r in rows for key in r))
    columns = [c for c in columns if any(r.get(c) is not None for r in rows)]
    return [columns, *([_short(r.get(c)) for c in columns] for r in rows)]


def _short(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_short, value))
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _resident() -> int:
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(_most())


def _most() -> float:
    """Most bytes held so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _threads() -> int:
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(*names: str) -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() in names:
            return value.strip()
    return ""
