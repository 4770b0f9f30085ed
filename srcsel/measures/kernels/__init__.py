"""Arithmetic that several measures share: pairs, nearest pictures, class sums, whitening."""
