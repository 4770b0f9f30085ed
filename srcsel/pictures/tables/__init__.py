"""Tables of file names and labels, as people and programs write them, read for a picture folder."""

from srcsel.pictures.tables.read import read_table

__all__ = ["read_table"]
