"""Side-by-side timings against what a person would run otherwise.

Not tests: `make bench`, on an idle computer.
"""
