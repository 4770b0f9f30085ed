"""Work in parts: in order, over several cores."""

import pytest

from srcsel.measures.kernels import blocks as _blocks
from srcsel.measures.kernels.blocks import blocks, over_cores


def test_over_cores_keeps_the_order(monkeypatch):
    monkeypatch.setattr("srcsel.base.threads._blas_threads", lambda: 3)
    assert list(over_cores(lambda i: i * i, range(50))) == [i * i for i in range(50)]
    with pytest.raises(ZeroDivisionError):
        list(over_cores(lambda i: 1 / (i - 7), range(50)))


@pytest.mark.parametrize(
    ("n", "width", "steps"), [(10, 1, [4, 4, 2]), (10, 9, [1] * 10), (0, 3, []), (3, 0, [3])]
)
def test_blocks_keep_within_their_bytes(n, width, steps, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK_BYTES", 32)
    found = list(blocks(n, width))
    assert [part.stop - part.start for part in found] == steps
    assert [i for part in found for i in range(n)[part]] == list(range(n))
