"""srcsel: which pretrained image model to start from, and how sure we are."""
