"""What each command of the shell is asked with."""

from srcsel.cli.options.looking import app, cache, doctor, models, report, status, uploads
from srcsel.cli.options.ranking import rank, score
from srcsel.cli.options.truth import curve, evidence, settle

__all__ = [
    "app",
    "cache",
    "curve",
    "doctor",
    "evidence",
    "models",
    "rank",
    "report",
    "score",
    "settle",
    "status",
    "uploads",
]
