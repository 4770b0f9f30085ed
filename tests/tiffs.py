"""TIFF files by hand: what Pillow cannot write."""

import struct
import zlib

import numpy as np

KINDS = {"u": 1, "i": 2, "f": 3, "c": 6}  # of numpy's numbers -> TIFF tag 339
FORM = {2: "s", 3: "H", 4: "I"}


def tiff(pixels, *, photometric=1, order="<", planes=False, packed=False, more=None, drop=()):
    """The bytes of a TIFF of (h, w) or (h, w, c) numbers in one strip, or one a plane.

    more: further tags {tag: (kind, values)}, which go before those written here; drop: tags left
    out.
    """
    pixels = pixels.astype(pixels.dtype.newbyteorder(order))
    h, w, c = pixels.shape if pixels.ndim == 3 else (*pixels.shape, 1)
    parts = list(np.moveaxis(pixels, -1, 0)) if planes else [pixels]
    strips = [zlib.compress(p.tobytes()) if packed else p.tobytes() for p in parts]
    tags = {
        256: (3, [w]),
        257: (3, [h]),
        258: (3, [pixels.itemsize * 8] * c),
        259: (3, [8 if packed else 1]),
        262: (3, [photometric]),
        273: (4, [0] * len(strips)),
        277: (3, [c]),
        278: (3, [h]),
        279: (4, [len(strip) for strip in strips]),
        284: (3, [2 if planes else 1]),
        339: (3, [KINDS[pixels.dtype.kind]] * c),
    } | (more or {})
    tags = {tag: tags[tag] for tag in sorted(tags) if tag not in drop}
    base = 8 + 2 + 12 * len(tags) + 4
    sizes = {
        tag: len(v) if kind == 2 else len(v) * struct.calcsize(FORM[kind])
        for tag, (kind, v) in tags.items()
    }
    data = base + sum(size + size % 2 for size in sizes.values() if size > 4)
    if 273 in tags:
        starts = np.cumsum([0, *(len(strip) for strip in strips)])[:-1]
        tags[273] = (4, [int(data + start) for start in starts])
    head, extra = b"", b""
    for tag, (kind, values) in tags.items():
        raw = values if kind == 2 else struct.pack(f"{order}{len(values)}{FORM[kind]}", *values)
        head += struct.pack(f"{order}HHI", tag, kind, len(values))
        if len(raw) > 4:
            head += struct.pack(f"{order}I", base + len(extra))
            extra += raw + b"\0" * (len(raw) % 2)
        else:
            head += raw.ljust(4, b"\0")
    start = b"II*\0" if order == "<" else b"MM\0*"
    return (
        start
        + struct.pack(f"{order}IH", 8, len(tags))
        + head
        + b"\0" * 4
        + extra
        + b"".join(strips)
    )
