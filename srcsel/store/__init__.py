"""What is kept on disk: features, runs, answers computed before. Never pickle."""
