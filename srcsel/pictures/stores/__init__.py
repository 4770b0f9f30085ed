"""Pictures that do not lie in a folder of this computer: in a store with an address, or packed in
shards. They are brought into the work folder, each once, and are a folder like any other then.

limits       how much may come out of shards
batches      rows of Parquet and Arrow files
shards       WebDataset tars, Parquet and Arrow files: their pictures and labels
mirror       what was brought, and what is still to come
"""

from srcsel.pictures.stores.mirror import NOT_FETCHED, fetch, is_apart, is_here, stored

__all__ = ["NOT_FETCHED", "fetch", "is_apart", "is_here", "stored"]
