"""Draw the previews that the pages show of each demo target: python -m srcsel.demo.preview."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import srcsel
from srcsel.pictures.bundled.targets import TARGETS

FOLDER = Path(srcsel.__file__).parent / "ui" / "app" / "static" / "previews"
COLUMNS, ROWS = 5, 2  # pictures of a preview, one of each class in turn
SIDE = 144  # pixels of one


def main() -> None:
    """Write one JPEG for each target."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for target in TARGETS.values():
        preview = Image.new("RGB", (COLUMNS * SIDE, ROWS * SIDE))
        for tile in range(COLUMNS * ROWS):
            label = tile % len(target.classes)
            rng = np.random.default_rng([label, 0, sum(target.name.encode())])
            picture = (
                target.draw(rng, label, 0)
                .convert("RGB")
                .resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            )
            preview.paste(picture, (tile % COLUMNS * SIDE, tile // COLUMNS * SIDE))
        preview.save(FOLDER / f"{target.name}.jpg", quality=86)


if __name__ == "__main__":
    main()
