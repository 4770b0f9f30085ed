"""Memory that is short and graphics cards that fail, however it is said; and `ulimit -v`."""

import errno
import subprocess
import sys

import pytest

from srcsel.base import scarce
from srcsel.base.errors import ModelError
from srcsel.base.scarce import is_lost, is_out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("can't start new thread"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
    ],
)
def test_short_memory_is_known_however_it_is_said(error):
    assert is_out_of_memory(error)
    assert not is_lost(error)
    outer = ValueError("no features")
    outer.__cause__ = error
    assert is_out_of_memory(outer)


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("odd"), OSError(5)])
def test_other_errors_are_none(error):
    assert not is_out_of_memory(error)
    assert not is_lost(error)


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: unspecified launch failure",
        "CUDA error: device-side assert triggered",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "No CUDA GPUs are available",
        "CUBLAS_STATUS_NOT_INITIALIZED when calling cublasCreate",
    ],
)
def test_a_failed_card_is_known(text):
    assert is_lost(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError(text))


@pytest.mark.parametrize("gigabytes", [0.4, 1.0, 2.4, 4.0, 5.0])
def test_under_a_limit_of_addresses_the_shell_says_a_sentence(picture_folder, gigabytes):
    """Real processes under `ulimit -v`: an exit status and words, no traceback, no waiting."""
    resource = pytest.importorskip("resource")
    most = int(gigabytes * 1e9)
    done = subprocess.run(
        [sys.executable, "-m", "srcsel", "rank", str(picture_folder), "--models", "demo/glyphs"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert ("not enough memory" in done.stderr) or ("ulimit -v" in done.stderr)


def test_a_limit_that_suffices_or_none_is_no_matter(monkeypatch):
    resource = pytest.importorskip("resource")
    for most in (resource.RLIM_INFINITY, 9 * 10**9):
        monkeypatch.setattr(resource, "getrlimit", lambda _, most=most: (most, most))
        scarce.require_addresses()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4 * 10**9, 4 * 10**9))
    with pytest.raises(ModelError, match=r"4\.0 GB of addresses \(ulimit -v\)"):
        scarce.require_addresses()
