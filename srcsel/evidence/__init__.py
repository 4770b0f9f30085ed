"""Accuracy really reached on a run's pictures, by a probe and by fine-tuning, and how well each
score foretold it.
"""
