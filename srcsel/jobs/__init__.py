"""Jobs: the queue, and the processes that work on it. Pages see only `Board`."""

from srcsel.jobs.board import Board

__all__ = ["Board"]
