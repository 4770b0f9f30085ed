"""How many threads linear algebra uses: one where the arrays are small."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

SMALL = 2000
"""Pictures up to which one thread is as fast: BLAS and OpenMP threads wait for each other by spinning, which cost
1.0 s against 8.5 s for the scores of 500 pictures while other programs used the cores, and nothing while idle."""


@contextlib.contextmanager
def suited_threads(pictures: int) -> Iterator[None]:
    """Keep linear algebra on one thread inside, where there are few pictures."""
    if pictures > SMALL:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
