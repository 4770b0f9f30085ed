"""Tables of file names and labels, as people and programs write them, read for a picture folder."""

from srcsel.pictures.tables.corrected import corrected_csv, corrections_csv, read_corrections
from srcsel.pictures.tables.encoding import encoding_of
from srcsel.pictures.tables.read import read_table

__all__ = ["corrected_csv", "corrections_csv", "encoding_of", "read_corrections", "read_table"]
