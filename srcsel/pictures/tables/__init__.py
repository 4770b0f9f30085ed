"""Tables of file names and labels, as people and programs write them, read for a picture folder."""

from srcsel.pictures.tables.read import Labeled, read_table

__all__ = ["Labeled", "read_table"]
