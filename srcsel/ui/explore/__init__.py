"""The page that looks inside: two linked maps, why this score, what is worth a look."""
