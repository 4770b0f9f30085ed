"""The page where pictures are chosen and checked."""
