"""Nothing that a library says reaches the terminal; what we say does."""

import subprocess
import sys

import numpy as np
from PIL import Image

from srcsel.pictures import quiet
from tests.pictures.test_images import png, saved, scene
from tests.tiffs import tiff

SCRIPT = """
import sys, threading
from pathlib import Path
from srcsel.base.errors import PictureError
from srcsel.pictures.images import look

def open_all():
    for path in sorted(Path(sys.argv[1]).iterdir()):
        try:
            look(path.read_bytes())
        except PictureError:
            pass

threads = [threading.Thread(target=open_all) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(200):
    print("ours", file=sys.stderr)
for thread in threads:
    thread.join()
"""


def test_no_library_writes_to_the_terminal_and_our_words_stay(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    lzw = saved(Image.fromarray(noise), "TIFF", compression="tiff_lzw")
    exif = b"Exif\0\0II*\0\xff\xff\xff\xff"
    many = tiff(np.zeros((4, 4, 13), np.uint8))
    files = {
        "cut.tif": lzw[: len(lzw) // 2],
        "torn.tif": lzw[:300] + bytes(400) + lzw[700:],
        "bands.tif": many,
        "bomb.png": png(12_000, 12_000, 1, 0, [b""]),
        "notes.jpg": saved(scene(), "JPEG", exif=exif),
        "cut.jpg": saved(scene(), "JPEG")[:700],
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert done.stderr == "ours\n" * 200


def test_it_works_without_a_library_to_ask(monkeypatch):
    monkeypatch.setattr(quiet, "_below_pillow", lambda: None)
    quiet.hush.__wrapped__()
    assert quiet.unpacks(50001)


def test_libtiff_knows_what_it_unpacks():
    assert quiet.unpacks(1)
    assert quiet.unpacks(5)
