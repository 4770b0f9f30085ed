"""Very many models at once on the Models page: what the search finds, as one choice."""

import pytest

from srcsel.models import catalog
from srcsel.ui.models import choice

ASKED = "timm:efficientnet,params<=10M,size=224,commercial"


@pytest.fixture
def models(visit, picture_folder):
    return lambda **address: visit("models", images=str(picture_folder), **address)


def chosen(tab) -> list[str]:
    return next(
        f.value["Starting model"].tolist()
        for f in tab.dataframe
        if f.proto.alt == "The chosen starting models"
    )


def test_all_that_the_search_finds_become_one_choice(models):
    tab = models(models="packaged")
    tab.text_input(key="models-search").set_value("efficientnet")
    tab.select_slider(key="models-size").set_value("Up to 10 M")
    tab.selectbox(key="models-hub").set_value("timm")
    tab.selectbox(key="models-pixels").set_value(224)
    tab.get_by_key("models-licence").set_value("Commercial use allowed").run()
    wanted = catalog.find_models(ASKED)
    assert len(wanted) > 1
    next(b for b in tab.button if b.label == f"Add all {len(wanted)}").click().run()
    assert not tab.exception
    assert tab.query_params["models"] == f"packaged,{ASKED}"
    assert chosen(tab) == [m.title for m in [*catalog.find_models("packaged"), *wanted]]
    tab.text_input(key="model-id").set_value("demo/flowers")
    next(b for b in tab.button if b.key and "by-name" in b.key).click().run()
    assert tab.query_params["models"] == f"packaged,{ASKED},demo/flowers"


@pytest.mark.parametrize(("top", "on"), [(20, False), (21, True)])
def test_more_than_twenty_race_unless_switched_off(models, top, on):
    tab = models(models=f"timm:resnet,top={top}")
    assert tab.toggle(key="models-fast").value is on
    assert not tab.exception


def test_hundreds_of_ticked_models_stay_in_the_address(models):
    """Their ids are some 40 letters each: a cut one would be a model that does not exist."""
    wanted = catalog.find_models("timm:top=200")
    tab = models(models=",".join(model.id for model in wanted))
    assert not tab.exception
    assert not tab.error
    shown = chosen(tab)
    assert len(shown) == len(wanted)
    for name, model in zip(shown, wanted, strict=True):  # a long one is cut in the middle
        head, _, tail = name.partition("…")
        assert model.title.startswith(head)
        assert model.title.endswith(tail)


def test_an_address_full_of_what_is_no_model_names_some_and_is_quick(models):
    spec = ",".join(["demo/flowers", *(f"no{i}" for i in range(5000))])
    found, errors = choice.known(spec)
    assert found == "demo/flowers"
    assert [str(error) for error in errors[10:]] == [choice.TOO_MUCH]
    tab = models(models=spec)
    assert not tab.exception
    assert chosen(tab) == [catalog.find_models("demo/flowers")[0].title]


def test_an_address_full_of_queries_asks_some_of_them():
    found, errors = choice.known(",".join(f"demo:flowers,top={i}" for i in range(1, 5000)))
    assert found.count("top=") == choice.MOST_QUERIES
    assert [str(error) for error in errors] == [choice.TOO_MUCH]
