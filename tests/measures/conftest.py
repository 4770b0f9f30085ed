"""Sizes made small, so that a few hundred pictures go the way of many thousands."""

import pytest


@pytest.fixture
def small_tiles(monkeypatch):
    """Several tiles, the last ones cut."""
    monkeypatch.setattr("srcsel.measures.kernels.all_pairs.EDGE", 96)
    monkeypatch.setattr("srcsel.measures.kernels.all_pairs.FINE", 40)


@pytest.fixture
def by_blocks(monkeypatch):
    """Nothing is large enough to be kept whole, and a block holds few rows."""
    monkeypatch.setattr("srcsel.measures.kernels.blocks.BLOCK_BYTES", 8 * 30 * 70)
    for module in ("centered", "pairs"):
        monkeypatch.setattr(f"srcsel.measures.kernels.{module}.WHOLE_BYTES", 1000)


@pytest.fixture
def single(monkeypatch, small_tiles):
    """Float32 products and several tiles, as for thousands of pictures."""
    for module in ("kernels.pairs", "kernels.shared"):
        monkeypatch.setattr(f"srcsel.measures.{module}.FEW", 50)
    monkeypatch.setattr("srcsel.measures.kernels.nearest.FIRST", 64)
    monkeypatch.setattr("srcsel.measures.kernels.nearest.PART_BYTES", 8 * 400 * 37)
    monkeypatch.setattr("srcsel.measures.kernels.all_pairs.STRIP_BYTES", 8 * 400 * 37)
    monkeypatch.setattr("srcsel.measures.kernels.class_sums.SPARSE", 1000)
