"""How one picture becomes the numbers a source model was trained to see.

The pixel part (resize and crop, on uint8) runs once for all models that share it; the float part
(divide by 255, subtract the mean, divide by std) is the encoder's, on its device. Both together
equal timm's evaluation transform and torchvision's `weights.transforms()` on a PIL picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

Resize = Literal["shorter", "squash", "border"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# longer pictures are cut to this before scaling: a 1 x 60,000 picture must not fill the memory
MAX_ASPECT = 16.0


@dataclass(frozen=True)
class Preprocessing:
    """Resize, crop and scale of one source model.

    Sizes are (height, width) in pixels, mean and std in 0..1.

    resize: "shorter" scales the shorter side and crops the middle; "squash" scales both sides,
    which loses the aspect ratio and keeps the whole picture; "border" fits the longer side and pads
    with the mean colour.
    """

    size: tuple[int, int]
    resize: Resize = "shorter"
    # pixels before the crop; None = floor(size / crop_pct), as timm does
    resize_to: int | None = None
    interpolation: str = "bicubic"  # a name of PIL.Image.Resampling, lower case
    crop_pct: float = 1.0
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    channels: int = 3  # that the network reads; 1 = greyscale, in all three of `pixels` alike

    @property
    def scale(self) -> tuple[int, int]:
        """Size (height, width) the picture is scaled towards before the crop."""
        if self.resize_to is not None:
            return self.resize_to, self.resize_to
        return math.floor(self.size[0] / self.crop_pct), math.floor(self.size[1] / self.crop_pct)

    @property
    def pixel_key(self) -> str:
        """Everything `pixels` depends on; models with equal pixel keys can share one decode."""
        fill = f" fill {_numbers(self._fill)}" if self.resize == "border" else ""
        scale, size = ("x".join(map(str, pair)) for pair in (self.scale, self.size))
        gray = " grey" if self.channels == 1 else ""
        return f"{self.resize} {scale} crop {size} {self.interpolation}{fill}{gray}"

    @property
    def key(self) -> str:
        """Everything the network's input depends on, as stable text; part of the feature key."""
        return f"{self.pixel_key} mean {_numbers(self.mean)} std {_numbers(self.std)}"

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Resize and crop `image` to uint8 (3, height, width); colour order red, green, blue."""
        image = image.convert("L") if self.channels == 1 else image
        image = image if image.mode == "RGB" else image.convert("RGB")
        image = _trim(image) if self.resize == "shorter" else image
        resample = Image.Resampling[self.interpolation.upper()]
        scaled = image.resize(self._scaled_size(image.width, image.height), resample)
        cropped = _crop_or_pad(
            scaled, self.size, self._fill if self.resize == "border" else (0, 0, 0)
        )
        return np.ascontiguousarray(np.asarray(cropped).transpose(2, 0, 1))

    @property
    def _fill(self) -> tuple[int, ...]:
        return tuple(round(255 * value) for value in self.mean)

    def _scaled_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) after scaling; the rounding is torchvision's (square) or timm's (the
        rest).
        """
        to_height, to_width = self.scale
        if self.resize == "squash":
            return to_width, to_height
        if self.resize == "shorter" and to_height == to_width:
            if width <= height:
                return to_width, int(to_width * height / width)
            return int(to_height * width / height), to_height
        ratios = (height / to_height, width / to_width)
        ratio = max(ratios) if self.resize == "border" else min(ratios)
        return max(1, round(width / ratio)), max(1, round(height / ratio))


def preprocessing_from(config: Mapping[str, Any]) -> Preprocessing:
    """Read the fields of a timm configuration or a model card.

    `input_size` is an int, (height, width) or (channels, height, width); `in_chans` is 1 for
    greyscale; what is missing takes timm's default: 224 pixels, bicubic, crop_pct 0.875, centre
    crop, ImageNet mean and std.
    """
    size = config.get("input_size") or 224
    height, width = (size, size) if isinstance(size, int) else tuple(size)[-2:]
    channels = config.get("in_chans") or 3
    mode = config.get("crop_mode") or config.get("resize") or "center"
    return Preprocessing(
        size=(int(height), int(width)),
        resize=mode if mode in ("squash", "border") else "shorter",
        interpolation=config.get("interpolation") or "bicubic",
        crop_pct=float(config.get("crop_pct") or (1.0 if mode == "squash" else 0.875)),
        mean=_triple(config.get("mean") or IMAGENET_MEAN, gray=channels == 1),
        std=_triple(config.get("std") or IMAGENET_STD, gray=channels == 1),
        channels=channels,
    )


def _trim(image: Image.Image) -> Image.Image:
    """Cut the middle out of a picture longer than MAX_ASPECT times its shorter side."""
    limit = int(MAX_ASPECT * min(image.size))
    width, height = min(image.width, limit), min(image.height, limit)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return (
        image
        if (width, height) == image.size
        else image.crop((left, top, left + width, top + height))
    )


def _crop_or_pad(image: Image.Image, size: tuple[int, int], fill: tuple[int, ...]) -> Image.Image:
    """Cut `size` (height, width) from the middle; where the picture is smaller, pad it first."""
    height, width = size
    if image.width < width or image.height < height:
        padded = Image.new("RGB", (max(width, image.width), max(height, image.height)), fill)
        padded.paste(image, (max(0, width - image.width) // 2, max(0, height - image.height) // 2))
        image = padded
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def _triple(values: Any, *, gray: bool = False) -> tuple[float, float, float]:
    """Read one number for each channel, or one for all; greyscale takes their mean for all."""
    numbers = [float(value) for value in (values if hasattr(values, "__len__") else [values])]
    if len(numbers) == 1 or gray:
        numbers = [sum(numbers) / len(numbers)] * 3
    red, green, blue = numbers
    return red, green, blue


def _numbers(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:.6g}" for value in values)
