"""The shipped tables: written by `_tables` from timm, torchvision and timm's published results."""

import csv
from pathlib import Path

import pytest

from srcsel.models.hubs import _table, _tables
from srcsel.models.hubs._pretraining import in_words
from srcsel.models.licenses import allows_commercial_use, spdx, swag_or_bsd

RESULTS = {
    "results-imagenet.csv": (
        "model,img_size,top1\nresnet18.a1_in1k,288,73.2\nresnet18.a1_in1k,224,71.5\n"
    ),
    "model_metadata-in1k.csv": "model,pretrain\ntest_vit.r160_in1k,in21k\n",
    _tables.BENCHMARKS[0]: "model,infer_img_size,infer_gmacs\nresnet18,224,1.82\n",
    _tables.BENCHMARKS[1]: "model,infer_img_size,infer_gmacs\nresnet18,224,9\ntest_vit,160,\n",
}


@pytest.fixture
def results(tmp_path):
    for name, text in RESULTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_published_results_are_matched_by_input_size_and_the_newer_benchmark_wins(results):
    facts = _tables.published(results)
    assert facts["accuracy"]["resnet18.a1_in1k", "224"] == pytest.approx(0.715)
    assert facts["gmacs"] == {("resnet18", "224"): 1.82}
    assert facts["pretrain"] == {"test_vit.r160_in1k": "in21k"}


def test_writing_again_gives_what_is_shipped(results, tmp_path):
    names = [
        "resnet18.a1_in1k",
        "test_vit.r160_in1k",
        "vit_tiny_patch16_224.augreg_in21k",
        "gcvit_xxtiny.in1k",
    ]
    _tables.write_table(tmp_path / "timm.csv", _tables.timm_rows(names, _tables.published(results)))
    with (tmp_path / "timm.csv").open(newline="") as file:
        again = {row["name"]: row for row in csv.DictReader(file)}
    from_registry = set(next(iter(again.values()))) - {"accuracy", "gmacs"}
    for name in names:
        shipped = _table.rows("timm")[name]
        assert {k: again[name][k] for k in from_registry} == {k: shipped[k] for k in from_registry}
        assert float(again[name]["gmacs"]) == pytest.approx(
            float(shipped["gmacs"]), rel=0.05, abs=0.01
        )
    assert again["resnet18.a1_in1k"]["accuracy"] == "0.715"


def test_multiply_adds_by_hand():
    """ResNet-18 at 224 pixels: 1.814e9 by the usual count (convolutions; the classifier is not
    run).
    """
    counted = _tables._count_timm("resnet18.a1_in1k")
    assert (counted["params"], counted["dim"], counted["gmacs"]) == (11_689_512, 512, 1.81)


def test_every_pretrained_tag_of_timm_is_listed():
    import timm

    shipped, installed = set(_table.rows("timm")), set(timm.list_models(pretrained=True))
    # a newer timm may know more; run `_tables` again then
    assert len(shipped & installed) / len(installed) > 0.95
    assert len(shipped) > 1500


def test_the_tables_are_small():
    assert sum(path.stat().st_size for path in Path(_table.DATA).iterdir()) < 400_000


def test_what_every_row_knows():
    for row in _table.rows("timm").values():
        assert int(row["params"]) > 0
        assert int(row["dim"]) > 0
        assert row["pretraining"]
        assert row["license"]
        _table.preprocessing(row)


@pytest.mark.parametrize(
    ("tag", "published", "words"),
    [
        ("a1_in1k", "in1k", "ImageNet-1k"),
        ("augreg_in21k_ft_in1k", None, "ImageNet-21k, then ImageNet-1k"),
        (
            "clip_laion2b_augreg_ft_in12k_in1k",
            None,
            "LAION-2B image-text pairs, then ImageNet-12k, then ImageNet-1k",
        ),
        ("dino", None, "ImageNet-1k, without labels"),
        ("fcmae_ft_in22k_in1k", None, "ImageNet-22k, without labels, then ImageNet-1k"),
        ("fb_swsl_ig1b_ft_in1k", None, "Instagram-1B hashtags, then ImageNet-1k"),
        ("strange", "in21k", "ImageNet-21k, then ImageNet-1k"),
        ("strange", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_pretraining_in_words(tag, published, words):
    assert in_words(tag, published) == words


def test_licences():
    assert spdx("apache-2.0") == "Apache-2.0"
    assert spdx("cc-by-nc-4.0") == "CC-BY-NC-4.0"
    assert spdx("dinov3-license") == "dinov3-license"
    assert spdx(None) == spdx("") == "unknown"
    assert swag_or_bsd(None) == "BSD-3-Clause"
    assert (
        swag_or_bsd("https://github.com/facebookresearch/SWAG/blob/main/LICENSE") == "CC-BY-NC-4.0"
    )
    assert swag_or_bsd("https://example.org") == "unknown"


@pytest.mark.parametrize(
    "name", ["unknown", "", "CC-BY-NC-4.0", "dinov3-license", "apple-ascl", "gemma", "MIT-ish"]
)
def test_not_surely_commercial(name):
    assert not allows_commercial_use(name)


@pytest.mark.parametrize("name", ["Apache-2.0", "MIT", "BSD-3-Clause", "CC0-1.0"])
def test_surely_commercial(name):
    assert allows_commercial_use(name)
