"""The measures: features and labels in, one number out. `MEASURES["supcon"](features, labels)`.

One file each; importing this package registers them all.
"""

import sys

from srcsel.base import plugins
from srcsel.measures._base import (
    MEASURES,
    Combined,
    Measure,
    keywords_of,
    measure,
    permutations,
)
from srcsel.measures._inputs import (
    as_array,
    check_features,
    check_labels,
    check_rows,
    plain_labels,
)

plugins.import_all(sys.modules[__name__])


def find(name: str) -> Measure:
    """Return the measure registered under `name`; raises UnknownNameError with the nearest
    names.
    """
    return MEASURES[name]


__all__ = [
    "MEASURES",
    "Combined",
    "Measure",
    "as_array",
    "check_features",
    "check_labels",
    "check_rows",
    "find",
    "keywords_of",
    "measure",
    "permutations",
    "plain_labels",
]
