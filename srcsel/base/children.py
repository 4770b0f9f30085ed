"""Python processes of our own: they serve what is asked on their standard input until it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import IO

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {} import serve; serve()"


def start(
    module: str,
    environment: Mapping[str, str],
    *,
    stderr: int | IO[bytes],
    creationflags: int = 0,
    pipesize: int = -1,
) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
    """Start `module.serve()` in a Python that finds modules where we do.

    Returns the process, its standard input and its standard output. environment: beside ours;
    the others as in `subprocess.Popen`. Raises OSError.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", _START.format(module), json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=os.environ | environment,
        start_new_session=True,  # Ctrl-C is for us; it goes when we close its standard input
        creationflags=creationflags,
        pipesize=pipesize,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    return process, process.stdin, process.stdout
