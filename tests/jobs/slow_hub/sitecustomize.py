"""Gives worker processes a hub `slow`: features cost time, and each batch is written down in
$SLOW_LOG.

Python imports this file on its own because its folder is on the worker's PYTHONPATH. Environment:
SLOW_SECONDS a batch, SLOW_BROKEN the name of a model that fails.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from srcsel.base.errors import ModelError
from srcsel.base.records import SourceModel
from srcsel.explore import project
from srcsel.models.hubs import Preprocessing, register

PREPROCESSING = Preprocessing((8, 8), resize="squash", interpolation="bilinear")


class SlowEncoder:
    preprocessing = PREPROCESSING

    def __init__(self, name):
        self.name = name

    def __call__(self, batch):
        time.sleep(float(os.environ.get("SLOW_SECONDS", "0")))
        with Path(os.environ["SLOW_LOG"]).open("a") as log:
            log.write(f"{self.name} {len(batch)}\n")
        return batch.reshape(len(batch), -1).astype(np.float32), None


class SlowHub:
    name = "slow"
    title = "Slow"

    def models(self):
        return [self.find("one"), self.find("two")]

    def find(self, name):
        return SourceModel(f"slow/{name}", f"Slow {name}", "1", 1000, 0.1, 8, 192, "none", "MIT")

    def preprocessing(self, model):
        return PREPROCESSING

    def load(self, model, device, watch):
        if model.id.endswith(os.environ.get("SLOW_BROKEN", "nothing")):
            raise ModelError("The weights are broken.")
        return SlowEncoder(model.id)


register(SlowHub())
# maps are stored as others are; how they are laid out is no matter of jobs, and a worker need not
# import ahead what its networks do not use
project._umap = lambda reduced, start, seed: start
sys.modules.update(dict.fromkeys(("umap", "timm")))
