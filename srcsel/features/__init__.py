"""Dataset x source models -> Features: decoding, loading, computing, going on where it stopped."""
