"""Models asked for by what they are, and the order in which they are tried."""

import dataclasses

import pytest

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.models import catalog, queries
from srcsel.models.prior import likeliest_first

SMALL = SourceModel("timm/small", "small", "1", 10_000_000, 1.0, 224, 512, "x", "MIT", 0, 0.7)
LARGE = dataclasses.replace(
    SMALL, id="timm/large", title="large", params=90_000_000, accuracy=0.9, license="x"
)


def ids(spec):
    return [model.id for model in catalog.find_models(spec)]


def test_every_condition_holds_and_nothing_that_fits_is_missing():
    found = set(ids("timm:resnet,params<30M,commercial,size=224"))
    wanted = {
        model.id
        for model in catalog.search("resnet", hub="timm")
        if model.params is not None
        and model.params < 30e6
        and model.input_size == 224
        and catalog.allows_commercial_use(model.license)
    }
    assert len(wanted) > 20
    assert found == wanted


@pytest.mark.parametrize(
    ("condition", "fit"),
    [
        ("params<30M", ["small"]),
        ("params < 30e", None),
        ("params>=90m", ["large"]),
        ("params<=90000k", ["large", "small"]),
        ("gmacs=1", ["large", "small"]),
        ("imagenet>75", ["large"]),
        ("size<224", []),
        ("dim=512", ["large", "small"]),
        ("year>2000", []),  # of neither it is known
        ("download<1", ["large", "small"]),
        ("commercial", ["small"]),
        ("here,top=1", ["large"]),
        ("params<.01G", []),
        ("params<=.01b", ["small"]),
        ("small", ["small"]),
        ("foo<3", None),
        ("top=0", None),
        ("top<3", None),
        ("top=1.5", None),
        (f"top={'1' * 400}", None),  # beyond all numbers
        ("params<-1", None),
        ("params", []),  # a word that occurs in neither
    ],
)
def test_conditions_one_by_one(condition, fit, monkeypatch):
    hub = type("Two", (), {"title": "Two", "models": lambda self: [SMALL, LARGE]})()
    monkeypatch.setitem(queries.HUBS, "timm", hub)
    if fit is None:
        with pytest.raises(InputError, match=r"params<30M|top=20"):
            queries.parse(f"timm:{condition}")
    else:
        found = queries.parse(f"timm:{condition}").models()
        assert [model.id for model in found] == [f"timm/{name}" for name in fit]


@pytest.mark.parametrize(
    ("spelling", "usual"),
    [
        ("timm:params<30M,commercial,at 224 pixels", "timm:params<30M,commercial,size=224"),
        ("timm:at 224 px,params<30M", "timm:size=224,params<30M"),
        ("TIMM:PARAMS<30m, 224px", "timm:params<30M,size=224"),
        ("timm:params≤30M,size==224", "timm:params<=30M,size=224"),
        ("timm:year≥2022,params=<30M", "timm:year>=2022,params<=30M"),
        ("timm:Commercial", "timm:commercial"),  # not those that are called "non-commercial"
        ("timm:COMMERCIAL,params<30M", "timm:params<30M,commercial"),
        ("timm:params<30M,with a commercial licence", "timm:params<30M,commercial"),
        ("timm:params<30M and commercial use", "timm:params<30M,commercial"),
        ("timm:params<30M;commercial license", "timm:params<30M,commercial"),
        ('timm:"resnet",params<30M', "timm:resnet,params<30M"),
        ("timm:params<30M commercial size=224", "timm:params<30M,commercial,size=224"),
        ("timm:resnet params < 30M and commercial", "timm:resnet,params<30M,commercial"),
        ("timm:commercial resnet at 224 px", "timm:resnet,commercial,size=224"),
        ("timm:params<30M with a commercial licence top=5", "timm:params<30M,commercial,top=5"),
        ("timm:params<30M,commercial size=224", "timm:params<30M,commercial,size=224"),
    ],
)
def test_what_people_write_otherwise_means_the_same(spelling, usual):
    assert ids(usual)
    assert ids(spelling) == ids(usual)


@pytest.mark.parametrize("wrong", ["comercial", "non-commercial", "parms<30M"])
def test_a_slip_of_the_pen_among_conditions_is_no_name_of_a_model(wrong):
    with pytest.raises(InputError, match=f"'{wrong}' in .* is no condition .* commercial"):
        catalog.find_models(f"timm:size=224,{wrong}")
    assert ids("timm:resnet18,demo/flowers")[-1] == "demo/flowers"


def test_what_is_not_for_commercial_use_is_never_asked_for_by_a_blank():
    licensed = {model.license for model in catalog.find_models("timm:convnext commercial")}
    assert licensed
    assert all(map(catalog.allows_commercial_use, licensed))
    assert not any(
        map(
            catalog.allows_commercial_use,
            {model.license for model in catalog.find_models("timm:convnext non-commercial")},
        )
    )


def test_a_condition_on_a_hub_that_there_is_not_names_the_hubs():
    with pytest.raises(UnknownNameError, match=r"hub.*'tim'.*timm"):
        catalog.find_models("tim:params<30M")


def test_a_query_stands_beside_other_names_in_one_text():
    both = ids("demo/flowers,timm:resnet,params<30M,top=2,packaged")
    assert both[0] == "demo/flowers"
    assert both[1:3] == ids("timm:resnet,params<30M,top=2")
    assert both[3:] == ids("packaged")
    assert ids(["timm:resnet,params<30M,top=2", "demo/flowers"]) == [*both[1:3], "demo/flowers"]


def test_any_asks_all_hubs_and_never_for_a_yardstick():
    found = catalog.find_models("any:here")
    assert {"packaged", "demo"} <= {model.id.partition("/")[0] for model in found}
    assert not any(model.yardstick for model in found)


def test_what_fits_nothing_or_is_no_hub_is_a_sentence():
    with pytest.raises(InputError, match="Loosen a condition"):
        catalog.find_models("timm:params<1")
    with pytest.raises(UnknownNameError):
        queries.parse("nowhere:params<1")
    with pytest.raises(InputError, match="timm:params<30M,commercial,top=20"):
        catalog.find_models("timm")


@pytest.mark.parametrize(
    "asked",
    [
        {"hub": "timm", "words": "resnet", "max_params": 30e6, "size": 224, "commercial": True},
        {"hub": None, "words": "siglip2"},
        {"hub": "timm", "max_params": 10e6},
        {"hub": None, "words": "commercial"},  # a word to search for, as in "non-commercial"
        {"hub": "timm", "words": "Commercial", "max_params": 100e6},
        {"hub": "timm", "words": "convnext noncommercial"},
        {"hub": "timm", "words": "convnext commercial"},
    ],
)
def test_what_the_search_finds_and_the_query_written_from_it_are_the_same(asked):
    words = asked.get("words", "")
    found = catalog.search(words, **{k: v for k, v in asked.items() if k != "words"})
    wanted = {model.id for model in found if not model.yardstick}
    assert len(wanted) > 1
    assert set(ids(queries.written(**asked))) == wanted


def test_the_likeliest_come_first_and_size_speaks_for_the_unknown():
    known = [
        dataclasses.replace(SMALL, id=f"timm/{k}", params=1000 * k, accuracy=k / 100)
        for k in range(1, 41)
    ]
    # of 20,500 weights: models 15 to 26 are nearest, the middle of their accuracies is 0.21
    unknown = dataclasses.replace(SMALL, id="demo/x", params=20_500, gmacs=9.0)
    sizeless = dataclasses.replace(unknown, id="demo/y", params=None)
    order = [m.id for m in likeliest_first([sizeless, unknown, *known], [*known, unknown])]
    assert order[0] == "timm/40"
    assert order.index("demo/x") == order.index("timm/21") + 1
    assert order[-1] == "demo/y"
