"""What carries out an extraction: features that are not stored yet.

local        this computer
ray          a Ray, on a cluster or started here
choice       which of them a person means
"""

from srcsel.features.engines._base import Engine, Work, failure
from srcsel.features.engines.choice import engaged, engine_of
from srcsel.features.engines.local import Local
from srcsel.features.engines.ray import Ray

__all__ = ["Engine", "Local", "Ray", "Work", "engaged", "engine_of", "failure"]
