"""Timing for the benchmarks: competitors take turns in one run, medians count; memory is that of a fresh process."""

import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
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
        "cores": os.cpu_count(),
        "threads of linear algebra": _threads(),
        "memory (GiB)": round(memory / 2**30),
        "load before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **versions,
    }


def medians(competitors: Mapping[str, Callable[[], object]], repeats: int = 3) -> dict[str, float]:
    """Median seconds of each; they take turns, so that a busy moment hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in competitors}
    for _ in range(repeats):
        for name, run in competitors.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def product_speed(precision: str = "float32", size: int = 2048) -> float:
    """Measured multiply-and-adds a second, times two, of a large product: nothing exact can be faster than that."""
    A = np.random.default_rng(0).standard_normal((size, size)).astype(precision)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        _ = A @ A
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def peak_megabytes(module: str, case: str) -> float:
    """Memory that `python -m module --peak CASE` reached above what it held before the case, in MB."""
    told = subprocess.run([sys.executable, "-m", module, "--peak", case], capture_output=True, text=True, check=True)
    return float(told.stdout.split()[-1])


def report_peak(prepare: Callable[[], object], run: Callable[[object], object]) -> None:
    """The child's side: print by how many MB the most memory ever held exceeds what was held before the run."""
    given = prepare()
    before = _resident()
    run(given)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / 1e6)


def row(name: str, usual: float | None, ours: float, least: float | None = None, peak: float | None = None, **more):
    """One line of the table: seconds, ratio, the products' least time, MB."""
    ratio = None if usual is None else usual / ours
    return {"what": name, "ratio": ratio, "usual": usual, "ours": ours, "limit": least, "peak MB": peak, **more}


PRODUCTS = "seconds; limit = the products alone at the speed measured here"


def tell(name: str, rows: Sequence[Mapping[str, object]], *, means: str = PRODUCTS, **more: object) -> None:
    """Print the table and write benchmarks/results/NAME.json; `means` says what its numbers are."""
    columns = list(dict.fromkeys(key for r in rows for key in r))
    cells = [columns, *([_short(r.get(c)) for c in columns] for r in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    print(f"\n{name}   ({means})")
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    RESULTS.mkdir(exist_ok=True)
    whole = {"name": name, "machine": machine(), "rows": list(rows), **more}
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n")


def _short(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _resident() -> int:
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _threads() -> int:
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info()), default=1)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
