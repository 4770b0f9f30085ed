"""The page with the verdict, the two bars, the map and the table."""
