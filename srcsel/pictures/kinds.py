"""Files that are no pictures, by their endings: what is passed over, and what a person may want to
hear of, with what to do.
"""

from __future__ import annotations

import os

JUNK = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin"}
    | {"system volume information", "lost+found"}
)
HIDDEN = (".", "~$")  # how the names of hidden files begin, and those of Office's locks
_NOTES = (
    ".txt .md .rst .csv .tsv .json .jsonl .xml .yaml .yml .toml .html .htm .css .js .py .ipynb .sh"
    " .db .ini .log .xmp .aae .thm .lnk .url .md5 .sha256 .lock .cache "
)
_PACKS = ".zip .rar .7z .tar .tar.gz .gz .tgz .bz2 .tbz2 .xz .txz .zst"
PHOTOS = ".heic", ".heif", ".hif"
"""What phones make: taken for pictures by a person, and not read here."""
_KINDS = {
    " ".join(PHOTOS): (
        "HEIC photos are not read. Save it as JPEG (on a phone, choose 'Most compatible')."
    ),
    ".avif .webp .jp2 .j2k": (
        "This installation of Pillow lacks this format. Save it as JPEG or PNG."
    ),
    ".cr2 .cr3 .nef .arw .dng .orf .rw2 .raf .pef .srw .raw": (
        "Camera raw files are not read. Export it as JPEG."
    ),
    ".svg .svgz .eps .ai": "It is a drawing, not a picture made of points. Export it as PNG.",
    ".psd .xcf .kra": "It is a document of a drawing program. Export it as JPEG or PNG.",
    ".pdf": "It is a PDF document. Export its pictures as JPEG.",
    ".xlsx .xls .ods": "Tables of this kind are not read. Save it as CSV (UTF-8).",
    ".parquet": "No labels were taken from it. If it holds them, save it as CSV (file,label).",
    ".mp4 .mov .avi .mkv .webm .m4v .3gp": "It is a film. Save single frames as pictures.",
    ".dcm .dicom .nii .nii.gz .nrrd .mha .mhd": (
        "Medical volumes are not read. Export single pictures as PNG."
    ),
    ".npy .npz .mat .h5 .hdf5 .pkl": (
        "It is an array of numbers, not a picture file. Save each picture in it as PNG (in Python:"
        " PIL.Image.fromarray(array).save('name.png'))."
    ),
    ".tfrecord .tfrec .mdb .rec .idx .beton": (
        "It is a data set packed for one program, not a picture file. Save each picture as PNG or"
        " JPEG."
    ),
    ".czi .lif .nd2 .svs .ndpi .vsi .oif .oib": (
        "Files of microscopes and slide scanners are not read. Export single pictures as PNG."
    ),
    ".crdownload .part .partial .download": ("It is not downloaded whole. Download it again."),
    _PACKS: "It is a packed folder. Unpack it first.",
    ".jxl .exr .hdr .tga .ico .icns .pcx .jxr": (
        "This kind of picture is not read. Save it as JPEG or PNG."
    ),
}
IGNORED = frozenset(_NOTES.split())
_REASONS = {suffix: reason for suffixes, reason in _KINDS.items() for suffix in suffixes.split()}


def ending(name: str) -> str:
    """Return how a file's name ends, in small letters: ".jpg", ".nii.gz", ".tar.gz", ""."""
    stem, suffix = os.path.splitext(name.lower())  # noqa: PTH122 - a Path for each of 50,000 names costs half a second
    if suffix == ".gz" and stem.endswith((".nii", ".tar")):
        return stem[-4:] + suffix
    return suffix


def without_ending(name: str) -> str:
    """Return a file's name, or a path, without how it ends."""
    return name[: len(name) - len(ending(name))]


def is_pack(name: str) -> bool:
    """Tell whether a file is a packed folder by its name."""
    return ending(name) in _PACKS.split()


def told(suffix: str) -> str:
    """Return what is known of files of this ending, and what to do; "" = nothing."""
    return _REASONS.get(suffix, "")


def reason_of(suffix: str, ordinary: bool) -> str:
    """Say why a file of this ending is no picture."""
    if not ordinary:
        return "It is a link that leads nowhere, or no ordinary file."
    if not suffix:
        return "Its name does not end like a picture's (.jpg, .png). Rename it if it is one."
    if suffix.startswith(".tfrecord-"):
        suffix = ".tfrecord"
    return _REASONS.get(suffix, f"Files ending in {suffix} are not read as pictures.")
