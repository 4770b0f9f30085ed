"""Pictures that do not lie in a folder of this computer: in a store with an address, or packed in
shards. What is wanted of them is brought into the work folder, each once, and is a folder like any
other then.

limits     how much may come out of shards
batches    rows of Parquet and Arrow files
shards     WebDataset tars, Parquet and Arrow files: their pictures and labels
sources    what a reference means, and where it is kept
index      what a store listed, and what of it is here
arriving   files on their way
parts      the parts of a data set that shards are
packed     packed folders, which are tars too
unpacked   shards and packed folders, which come whole
ranges     parts of a Parquet file at an address
rows       Parquet files at an address: their labels, then the rows that are wanted
far        files at an address: their names, then those that are wanted
mirror     the whole of it
"""

from srcsel.pictures.stores.mirror import (
    FETCHED,
    NOT_FETCHED,
    ask,
    bring,
    folder_of,
    is_apart,
    is_here,
    part_remedies,
    rows_here,
    stored,
)

__all__ = [
    "FETCHED",
    "NOT_FETCHED",
    "ask",
    "bring",
    "folder_of",
    "is_apart",
    "is_here",
    "part_remedies",
    "rows_here",
    "stored",
]
