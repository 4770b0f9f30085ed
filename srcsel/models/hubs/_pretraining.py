"""What a timm tag says about the pictures a model learned from, in words: "ImageNet-22k, then
ImageNet-1k".
"""

from __future__ import annotations

import re

_DATA = {
    "in1k": "ImageNet-1k",
    "in12k": "ImageNet-12k",
    "in21k": "ImageNet-21k",
    "in22k": "ImageNet-22k",
    "inw21k": "ImageNet-21k (winter)",
    "openai": "OpenAI's image-text pairs",
    "laion2b": "LAION-2B image-text pairs",
    "laiona": "LAION image-text pairs",
    "laion400m": "LAION-400M image-text pairs",
    "datacompxl": "DataComp-1B image-text pairs",
    "datacomp1b": "DataComp-1B image-text pairs",
    "metaclip": "MetaCLIP image-text pairs",
    "metaclip2": "MetaCLIP-2 image-text pairs",
    "webli": "WebLI image-text pairs",
    "dfn2b": "DFN-2B image-text pairs",
    "dfndr2b": "DFN-DR-2B image-text pairs",
    "dfn5b": "DFN-5B image-text pairs",
    "merged2b": "Merged-2B image-text pairs",
    "mclip": "MobileCLIP image-text pairs",
    "mclip2": "MobileCLIP-2 image-text pairs",
    "cc12m": "CC12M image-text pairs",
    "yfcc15m": "YFCC-15M image-text pairs",
    "yfcc100m": "YFCC-100M pictures",
    "lvd142m": "LVD-142M pictures, without labels",
    "lvd1689m": "LVD-1689M pictures, without labels",
    "sat493m": "SAT-493M satellite pictures, without labels",
    "sa1b": "SA-1B pictures (segmentation)",
    "sam": "SA-1B pictures (segmentation)",
    "ig1b": "Instagram-1B hashtags",
    "jft": "JFT-300M",
    "m30m": "Merged-30M pictures",
    "m38m": "Merged-38M pictures",
    "bamboo": "Bamboo",
    "seer": "Instagram-1B pictures, without labels",
    "swag": "Instagram hashtags",
    "swsl": "Instagram-1B hashtags",
    "wsl": "Instagram-1B hashtags",
    "ssl": "YFCC-100M pictures",
    "radio": "distilled from several vision models",
    "florence2": "FLD-5B image-text pairs",
    "pali": "PaliGemma's image-text pairs",
    "pali2": "PaliGemma 2's image-text pairs",
}
# on ImageNet-1k unless the tag says otherwise
_UNLABELED = frozenset({"dino", "mae", "fcmae", "ijepa"})
_METADATA = {
    "in1k": "ImageNet-1k",
    "in1k-adv": "ImageNet-1k, adversarial",
    "in1k-ap": "ImageNet-1k, adversarial",
    "in1k-dist": "ImageNet-1k, distilled",
    "in21k": "ImageNet-21k, then ImageNet-1k",
    "in21k-selfsl": "ImageNet-21k, without labels, then ImageNet-1k",
    "jft300m-ns": "JFT-300M without labels, then ImageNet-1k",
    "ig1b-swsl": "Instagram-1B hashtags, then ImageNet-1k",
    "ig1b-wsl": "Instagram-1B hashtags, then ImageNet-1k",
    "yfc-semisl": "YFCC-100M pictures, then ImageNet-1k",
}


def in_words(tag: str | None, published: str | None) -> str:
    """Put a tag such as "augreg_in21k_ft_in1k" into words.

    Steps are told in the order of training. `published` (a key of the published metadata) fills in
    where the tag names no data; "unknown" where neither does.
    """
    parts = re.split(r"[_-]", (tag or "").lower())
    steps: list[str] = []
    for part in parts:
        words = _DATA.get(part)
        if words and words not in steps:
            steps.append(words)
    if steps and _UNLABELED & set(parts):
        steps[0] = f"{steps[0]}, without labels"
    elif not steps and _UNLABELED & set(parts):
        steps = ["ImageNet-1k, without labels"]
    return ", then ".join(steps) or _METADATA.get(published or "", "unknown")
