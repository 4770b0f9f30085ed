"""How a network's rows are computed: torch as it is, or a conversion where that was measured to be
faster.

eager        torch, on any device; what everything else is compared with
openvino     the network converted for the processor
kept         conversions on disk, so that a second run has none to make
choice       which of them, by measuring a few pictures
"""

from srcsel.features.backends._base import Output, Pictures, Runner, limit_cores
from srcsel.features.backends.choice import Wish, prepare, recall
from srcsel.features.backends.eager import Eager

__all__ = ["Eager", "Output", "Pictures", "Runner", "Wish", "limit_cores", "prepare", "recall"]
