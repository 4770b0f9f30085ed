"""Features -> maps, what a model makes of each picture, pictures worth a look."""
