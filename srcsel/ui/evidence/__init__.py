"""The page on whether it is true: accuracy really reached, and who foretold it."""
