"""The names other programs rely on. Change this list only with a changelog entry."""

import importlib
import inspect
import subprocess
import sys

import pytest

import srcsel

NAMES = [
    "MEASURES",
    "Cancelled",
    "Corrections",
    "Dataset",
    "Evidence",
    "Failure",
    "InputError",
    "ModelError",
    "NotAvailable",
    "Outlook",
    "Protocol",
    "Ranking",
    "Result",
    "Run",
    "Score",
    "Settled",
    "SourceModel",
    "SrcselError",
    "StoreError",
    "Verdict",
    "Watch",
    "before_and_after",
    "beforehand",
    "find_models",
    "gather_evidence",
    "load_dataset",
    "more_pictures",
    "rank",
    "rank_features",
    "score_features",
    "search",
    "settle",
    "to_json",
]


def test_the_public_names():
    assert srcsel.__all__ == NAMES
    assert set(NAMES) <= set(dir(srcsel))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_and_is_what_its_module_holds(name):
    value = getattr(srcsel, name)
    assert not inspect.ismodule(value)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value is getattr(importlib.import_module(value.__module__), name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute rnak"):
        _ = srcsel.rnak


def test_importing_costs_nothing():
    script = (
        "import sys, srcsel; print(sorted(m for m in sys.modules if m.split('.')[0] in"
        " sys.argv[1:]))"
    )
    heavy = [
        "torch",
        "torchvision",
        "timm",
        "umap",
        "sklearn",
        "scipy",
        "numpy",
        "PIL",
        "rich",
        "plotly",
        "streamlit",
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("rank", ["folder", "models", "measures"]),
        ("rank_features", ["features", "labels", "measures"]),
        ("score_features", ["features", "labels", "measures", "reading"]),
    ],
)
def test_signatures_keep_their_first_parameters(name, parameters):
    assert (
        list(inspect.signature(getattr(srcsel, name)).parameters)[: len(parameters)] == parameters
    )
