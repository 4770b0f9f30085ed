"""Hubs: the places source models come from. Every public module here registers one hub on import."""

import sys

from srcsel import plugins
from srcsel.hubs._base import HUBS, Encoder, Hub, Preprocessing, Trainable, register

__all__ = ["HUBS", "Encoder", "Hub", "Preprocessing", "Trainable", "register"]

plugins.import_all(sys.modules[__name__])
