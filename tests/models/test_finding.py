"""What a person types into the search finds what they mean."""

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
