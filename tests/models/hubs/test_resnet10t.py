"""The bundled models' network computes what timm's of the same name does."""

import subprocess
import sys

import numpy as np
import pytest

from srcsel.models.hubs import _resnet10t
from srcsel.models.hubs._network import timm_forward

NARROW = {"channels": (24, 48, 96, 160), "stem_width": 16}


@pytest.mark.parametrize("widths", [{}, NARROW])
@pytest.mark.parametrize("classes", [0, 7])
@pytest.mark.parametrize("side", [64, 75])
def test_it_is_timms(widths, classes, side):
    import timm
    import torch

    torch.manual_seed(0)
    theirs = timm.create_model("resnet10t", num_classes=classes, zero_init_last=False, **widths)
    for module in theirs.modules():  # fresh statistics would hide a norm at the wrong place
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean = torch.randn_like(module.running_mean)
            module.running_var = torch.rand_like(module.running_var) + 0.5
    ours = _resnet10t.build(classes, **widths)
    ours.load_state_dict(theirs.state_dict())
    pictures = torch.randn(2, 3, side, side)
    with torch.inference_mode():
        expected = timm_forward(theirs.eval(), head=bool(classes))(pictures)
        found = _resnet10t.features_and_logits(ours.eval(), head=bool(classes))(pictures)
    for value, right in zip(found, expected, strict=True):
        assert (value is None) == (right is None)
        if right is not None:
            np.testing.assert_array_equal(value.numpy(), right.numpy())


def test_a_bundled_model_is_loaded_without_timm():
    code = (
        "import sys\n"
        "from srcsel.base.watch import Watch\n"
        "from srcsel.models.hubs.demo import DemoHub\n"
        "hub = DemoHub()\n"
        "hub.load(hub.find('flowers'), 'cpu', Watch())\n"
        "print(sorted({'timm', 'torchvision', 'torch._dynamo', 'sympy'} & set(sys.modules)))\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
