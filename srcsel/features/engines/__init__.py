"""What carries out an extraction: features that are not stored yet.

local        this computer
"""

from srcsel.features.engines._base import Engine, Work, failure
from srcsel.features.engines.local import Local

__all__ = ["Engine", "Local", "Work", "failure"]
