"""Scores -> order, verdict, and every sentence about them."""
