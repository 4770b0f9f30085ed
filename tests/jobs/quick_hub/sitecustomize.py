"""Gives worker processes a hub `quick` of tiny networks that can be trained, and short trainings
for settling; each network that is loaded is written down in $QUICK_LOG, before $QUICK_SECONDS.

Python imports this file on its own because its folder is on the worker's PYTHONPATH.
"""

import os
import sys
import time
from pathlib import Path

from srcsel.base.records import Protocol, SourceModel
from srcsel.explore import project
from srcsel.models.hubs import Preprocessing, register
from srcsel.models.hubs._network import NetworkEncoder
from srcsel.runs import settled

settled.PROTOCOL = Protocol("finetune", shots=4, seeds=(0,), epochs=1, batch=5)


class QuickHub:
    name = "quick"
    title = "Quick"
    way = Preprocessing((16, 16), resize="squash", interpolation="bilinear")

    def models(self):
        return [self.find("one"), self.find("two")]

    def find(self, name):
        return SourceModel(
            f"quick/{name}", f"Quick {name}", "1", 1000, 0.1, 16, 8, "none", "MIT", 0
        )

    def preprocessing(self, model):
        return self.way

    def load(self, model, device, watch):
        import torch

        with Path(os.environ["QUICK_LOG"]).open("a") as log:
            log.write(f"{model.id}\n")
        time.sleep(float(os.environ.get("QUICK_SECONDS", "0")))
        torch.manual_seed(sum(model.id.encode()))
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        )
        return NetworkEncoder(network, lambda pictures: (network(pictures), None), self.way, device)


register(QuickHub())
# maps are stored as others are; how they are laid out is no matter of jobs, and a worker need not
# import ahead what its networks do not use
project._umap = lambda reduced, start, seed: start
sys.modules.update(dict.fromkeys(("umap", "timm")))
