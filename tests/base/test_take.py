"""Some pictures of a dataset: whatever belongs to one picture goes with it."""

from pathlib import Path

import numpy as np

from srcsel.base.records import Dataset


def test_what_belongs_to_a_picture_goes_with_it():
    labels = np.array([0, 0, 1])
    digests = ("d0", "d1", "d2")
    whole = Dataset("x", "x", Path(), ("a", "b", "c"), labels, ("k", "l"), "all", digests=digests)
    some = whole.take(np.array([2, 0]), "some")
    assert (some.paths, some.labels.tolist(), some.digests) == (("c", "a"), [1, 0], ("d2", "d0"))
    assert (some.digest, some.classes) == ("some", ("k", "l"))
    # a stored run does not know what its pictures' bytes were
    stored = Dataset("x", "x", Path(), ("a", "b", "c"), labels, ("k", "l"), "all")
    assert stored.take(np.array([1]), "one").digests == ()
