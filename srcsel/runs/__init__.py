"""The whole way from a Run to its Result, and the race of a fast answer."""
