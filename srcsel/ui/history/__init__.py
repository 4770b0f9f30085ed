"""The page of earlier runs."""
