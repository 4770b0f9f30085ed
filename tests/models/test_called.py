"""What sentences call a model."""

from dataclasses import replace

import pytest

from srcsel.base.records import SourceModel
from srcsel.models.called import at_start, called, named
from srcsel.models.hubs.demo import DemoHub

NAMES = {
    "flowers": "the model trained on flowers",
    "glyphs": "the model trained on invented letters",
    "palettes": "the model trained on colour palettes",
    "shuffled": "the model trained on shuffled labels",
    "untrained": "the untrained model",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_model_is_called_by_what_it_was_trained_on(name):
    assert called(DemoHub().find(name)) == NAMES[name]


def test_no_bundled_models_title_stands_in_a_sentence():
    for model in DemoHub().models():
        assert called(model).startswith("the ")
        assert model.title not in called(model)


def test_at_another_size_nobody_thinks_it_was_trained_at_it():
    flowers = DemoHub().find("flowers")
    small = replace(flowers, id="demo/flowers@32", title="Flowers at 32 px", at=32)
    assert called(small) == "the model trained on flowers (at 32 px)"


def test_another_model_keeps_its_title_whatever_it_is():
    for own in ("timm/flowers", "demo/mine"):
        model = SourceModel(own, "Flowers", "r", 1, 1.0, 64, 8, "", "MIT")
        assert called(model) == at_start(called(model)) == "Flowers"
    assert named("", "") == ""
    assert at_start("theta_net") == "theta_net"


def test_a_name_begins_a_sentence():
    assert at_start("the untrained model") == "The untrained model"


def test_what_is_said_of_a_yardstick_uses_one_word_for_it():
    for model in DemoHub().models():
        said = f"{model.title} {model.pretraining} {model.note}".lower()
        assert "control" not in said
        assert ("yardstick" in said) == model.yardstick
