"""Features -> Scores with their nulls and re-checks, and the signs that explain them."""
