"""The measures: features and labels in, one number out. `MEASURES["supcon"](features, labels)`.

One file each; importing this package registers them all.
"""

import sys

from srcsel import plugins
from srcsel.measures._base import MEASURES, Measure, measure

plugins.import_all(sys.modules[__name__])


def find(name: str) -> Measure:
    """Return the measure registered under `name`; raises UnknownNameError with the nearest names."""
    return MEASURES[name]


__all__ = ["MEASURES", "Measure", "find", "measure"]
