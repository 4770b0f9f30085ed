"""A run as something to hand on: one self-contained HTML file, every number as CSV."""
