"""Pictures and networks that anybody might have, and the script most people write for them."""

import time
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 500, 375
CLASSES = 10
BATCH = 32


def make_pictures(folder: Path, pictures: int) -> None:
    """Classes differ in colour, stripes and blobs; pictures of a class in brightness, phase and
    noise.
    """
    chance = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for c in range(CLASSES):
        (folder / f"class{c}").mkdir(parents=True)
        color, angle, period = (
            chance.uniform(60, 190, 3),
            chance.uniform(0, np.pi),
            chance.uniform(8, 60),
        )
        for i in range(pictures // CLASSES):
            turn = angle + chance.normal(scale=0.15)
            waves = np.sin(
                (x * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / period + chance.uniform(0, 6)
            )
            around = (x - chance.uniform(0, WIDTH)) ** 2 + (y - chance.uniform(0, HEIGHT)) ** 2
            blob = np.exp(-around / chance.uniform(2_000, 20_000))
            noise = chance.normal(scale=chance.uniform(4, 25), size=(HEIGHT, WIDTH, 1))
            shade = color * chance.uniform(0.7, 1.3) + chance.normal(scale=15, size=3)
            picture = (
                shade
                + 40 * waves[..., None]
                + 60 * blob[..., None] * chance.uniform(-1, 1, 3)
                + noise
            )
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(
                folder / f"class{c}" / f"{i:05d}.jpg", quality=90
            )


def make_weights(folder: Path, names: list[str]) -> None:
    """Save random weights whose activations keep their size: running statistics measured, layer
    scales not tiny.
    """
    import timm
    import torch
    from safetensors.torch import save_file
    from torchvision.datasets import ImageFolder

    for name in names:
        torch.manual_seed(0)
        model = timm.create_model(name, pretrained=False)
        for key, weights in model.named_parameters():
            if key.endswith("gamma"):
                torch.nn.init.constant_(weights, 0.3)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None
        data = ImageFolder(folder / "pictures", usual_transform(model))
        some = np.linspace(0, len(data) - 1, BATCH).astype(int)
        with torch.no_grad():
            model.train()(torch.stack([data[i][0] for i in some]))
        save_file(
            {key: w.contiguous() for key, w in model.state_dict().items()},
            folder / f"{name}.safetensors",
        )


def naive(folder: Path, names: list[str]) -> tuple[dict[str, np.ndarray], dict]:
    """What most people write."""
    import timm
    import torch
    from safetensors.torch import load_file
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder

    features, each = {}, []
    for name in names:
        start = time.perf_counter()
        model = timm.create_model(name, pretrained=False)
        model.load_state_dict(load_file(folder / f"{name}.safetensors"))
        model.eval()
        data = DataLoader(
            ImageFolder(folder / "pictures", usual_transform(model)), batch_size=BATCH
        )
        found = []
        with torch.no_grad():
            for pictures, _ in data:
                found.append(
                    model.forward_head(model.forward_features(pictures), pre_logits=True).numpy()
                )
        features[name] = np.concatenate(found)
        each.append(time.perf_counter() - start)
    return features, {"each": each}


def usual_transform(model):
    import math

    from torchvision import transforms

    config = model.pretrained_cfg
    return transforms.Compose(
        [
            transforms.Resize(
                math.floor(224 / config["crop_pct"]),
                transforms.InterpolationMode(config["interpolation"]),
            ),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize(config["mean"], config["std"]),
        ]
    )
