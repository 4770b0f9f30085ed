"""What a person types into the search finds what they mean."""

from dataclasses import replace

import pytest

from srcsel.base.records import SourceModel
from srcsel.models import catalog, finding


def model(name: str, pretraining: str = "ImageNet-1k") -> SourceModel:
    return SourceModel(f"timm/{name}", name, "r", 1, 0.1, 224, 8, pretraining, "apache-2.0")


SIGLIP2 = model("vit_base_patch16_siglip_gap_224.v2_webli")
SIGLIP = model("vit_base_patch16_siglip_224.webli")
PE = model("vit_pe_core_base_patch16_224.fb")
DINO3 = model("vit_small_patch16_dinov3.lvd1689m")
DINO = model("vit_small_patch16_224.dino")
NEXT2 = model("convnextv2_tiny.fcmae_ft_in1k")
NEXT = model("convnext_tiny.in12k_ft_in1k")
ALL = (SIGLIP2, SIGLIP, PE, DINO3, DINO, NEXT2, NEXT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("siglip2", [SIGLIP2]),
        ("SigLIP 2", [SIGLIP2]),
        ("siglip-2 base", [SIGLIP2]),
        ("siglip", [SIGLIP2, SIGLIP]),
        ("siglip 1", [SIGLIP]),
        ("perception encoder", [PE]),
        ("Perception Encoder base", [PE]),
        ("dino v3", [DINO3]),
        ("dinov3", [DINO3]),
        ("DINO-v3", [DINO3]),
        ("convnext v2", [NEXT2]),
        ("ConvNeXt-V2 tiny", [NEXT2]),
        ("convnext", [NEXT2, NEXT]),
        ("imagenet 1k dino", [DINO3, DINO]),
        ("pe core", [PE]),
        ("", list(ALL)),
        ("siglip2 dinov3", []),
    ],
)
def test_other_names_blanks_and_dashes(text, found):
    assert [one for one in ALL if finding.fits(one, text)] == found


@pytest.mark.parametrize("name", [*finding.OTHER_NAMES, "dino v3", "convnext v2", "mobilenet v4"])
def test_every_name_finds_something_on_offer(name):
    assert catalog.search(name, hub="timm")


def test_siglip2_is_siglip_with_the_second_recipe_only():
    found = catalog.search("siglip2")
    assert found
    assert all("siglip" in one.id and ".v2_" in one.id for one in found)
    assert len(found) < len(catalog.search("siglip"))


def test_what_is_named_so_comes_before_what_has_it_in_its_name_or_its_training():
    named, begins, inside, trained = (
        model("resnet50.a1"),
        model("resnetv2_50.x"),
        model("ecaresnet26.y"),
        model("vit.z", "pictures named by a resnet"),
    )
    assert finding.best_first([trained, inside, begins, named], "resnet") == [
        named,
        begins,
        inside,
        trained,
    ]


def test_real_networks_come_before_demo_models_that_fit_as_well():
    demo = SourceModel("demo/net", "net", "r", 1, 0.1, 32, 8, "x", "mit", accuracy=0.99)
    demo = replace(demo, download_bytes=0)
    far, better = (replace(model(f"net.{n}"), accuracy=0.1 * n) for n in (6, 7))
    assert finding.best_first([demo, far, better], "net") == [better, far, demo]
    here = replace(far, download_bytes=0)
    assert finding.best_first([demo, better, here], "net") == [here, better, demo]
    assert finding.best_first([demo, better, here], "") == [here, demo, better]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("vit small", "/vit_"),
        ("mae", ".mae"),
        ("clip", "clip"),
        ("siglip2", "siglip"),
        ("perception encoder", "_pe_"),
        ("dino v3", "dinov3"),
        ("resnet", "resnet"),
    ],
)
def test_the_first_found_of_all_on_offer_is_named_so(text, first):
    found = finding.best_first(catalog.search(text), text)
    assert all(first in one.id for one in found[:5])
    assert not any(one.id.startswith("demo/") for one in found[:5])
