"""Decoding in processes of its own: what takes too long or too much is ended, everything else goes
on, and nothing is heard of it.
"""

import io
import os
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from srcsel.base import access, children
from srcsel.base.errors import PictureError
from srcsel.pictures import apart, bounds, decoding, images

ROOT = Path(apart.__file__).parents[2]


@pytest.fixture
def one(monkeypatch):
    """A pool of one process, so that each call meets the one before."""
    monkeypatch.setattr(apart, "MOST", 1)
    pool = apart._Pool()
    monkeypatch.setattr(apart, "_pool", pool)
    yield pool
    pool.end()


def inside(code):
    """Run code in the process that decodes."""
    apart.call(exec, code)


def failed(function, *args):
    with pytest.raises(PictureError) as caught:
        apart.call(function, *args)
    return str(caught.value), caught.value.lasting


def png(width=40, height=30, mode="RGB"):
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(out, "PNG")
    return out.getvalue()


def many_pages(pages):
    """A TIFF whose first page is empty: they are counted, one by one."""
    out = bytearray(b"II*\0" + struct.pack("<I", 12) + bytes(4))
    about = {256: 2, 257: 2, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 2, 279: 4}
    for page in range(pages):
        following = len(out) + 2 + 12 * len(about) + 4
        out += struct.pack("<H", len(about))
        out += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in about.items())
        out += struct.pack("<I", following if page < pages - 1 else 0)
    return bytes(out)


def test_what_takes_too_long_is_ended_and_the_file_is_why(one):
    inside("from srcsel.pictures import bounds; bounds.SECONDS = 0.5")
    assert failed(decoding.look, many_pages(200_000)) == (apart.TOO_SLOW, True)
    assert images.decode_picture(png()).size == (40, 30)


def test_what_takes_too_much_memory_fails_alone_and_may_be_tried_again(one):
    inside("from srcsel.pictures import bounds; bounds.MEMORY = bounds.BYTES_A_PIXEL = 0")
    assert failed(decoding.look, png(4000, 4000, "RGBA")) == (decoding.NO_MEMORY, False)
    inside("from srcsel.pictures import bounds; bounds.MEMORY = 2**29")
    assert images.decode_picture(png()).size == (40, 30)


def test_a_large_picture_has_more_of_both(one):
    """3000 x 3000 points in 16-bit colour need more than a small picture may have."""
    values = np.random.default_rng(0).integers(0, 65535, (3000, 3000), np.uint16)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG", compress_level=0)
    inside("from srcsel.pictures import bounds; bounds.MEMORY = 2**22")
    assert apart.call(decoding.look, out.getvalue()).picture.size == (3000, 3000)
    inside("from srcsel.pictures import bounds; bounds.BYTES_A_PIXEL = 0")
    assert failed(decoding.look, out.getvalue())[1] is False


@pytest.fixture
def taken(one, work_folder):
    """The turn of large pictures, had by somebody else; all that decodes is large here."""
    inside("from srcsel.pictures import bounds; bounds.LARGE = 100; bounds.HEARD = 0.1")
    with FileLock(work_folder / "large.lock", thread_local=False) as lock:
        yield lock


def test_to_wait_for_a_turn_is_no_time_of_the_picture(taken, monkeypatch):
    monkeypatch.setattr(apart, "WAIT", 1.0)
    monkeypatch.setattr(apart, "LOOK", 0.1)
    first = apart.call(os.getpid)
    later = threading.Timer(3.0, taken.release)
    later.start()
    began = time.monotonic()
    assert images.decode_picture(png()).size == (40, 30)
    assert time.monotonic() - began > 2.5
    assert apart.call(os.getpid) == first
    later.join()


def test_the_clock_goes_on_after_the_turn_has_come(taken, monkeypatch):
    monkeypatch.setattr(apart, "WAIT", 1.0)
    monkeypatch.setattr(apart, "LOOK", 0.1)
    inside(
        "from srcsel.pictures import decoder;"
        " decoder.read_deep = lambda *a: __import__('time').sleep(60)"
    )
    later = threading.Timer(0.5, taken.release)
    later.start()
    said, lasting = failed(decoding.look, png())
    later.join()
    assert "the computer is busy" in said
    assert not lasting


def test_who_waits_for_a_turn_longest_may_try_again(taken):
    inside("from srcsel.pictures import bounds; bounds.PATIENCE = 0.3")
    assert failed(decoding.look, png()) == (bounds.NO_TURN, False)


def test_what_somebody_waits_for_gets_a_moment_and_no_turn(taken):
    first = apart.call(os.getpid)
    with pytest.raises(PictureError, match=bounds.NOT_AT_ONCE) as caught:
        images.thumbnail(png(), 96, hurried=True)
    assert not caught.value.lasting
    inside("from srcsel.pictures import bounds; bounds.LARGE = 10**9; bounds.MOMENT = 0.5")
    assert images.thumbnail(png(), 96, hurried=True)
    assert apart.call(os.getpid) == first
    with pytest.raises(PictureError) as caught:
        images.thumbnail(many_pages(200_000), 96, hurried=True)
    assert not caught.value.lasting  # it may be a large picture, and is tried at leisure


def test_the_clock_of_what_somebody_waits_for_is_shorter(one, monkeypatch):
    monkeypatch.setattr(apart, "MOMENT", 0.5)
    monkeypatch.setattr(apart, "LOOK", 0.1)
    with pytest.raises(PictureError, match="busy") as caught:
        apart.hurried(time.sleep, 60)
    assert not caught.value.lasting


def test_a_file_takes_none_of_the_memory_of_its_picture(one, tmp_path):
    """Where it is read there too: 80 MB beside a limit of 40."""
    path = tmp_path / "x.png"
    path.write_bytes(png() + bytes(80 * 2**20))
    inside("from srcsel.pictures import bounds; bounds.MEMORY = 40 * 2**20")
    (seen,) = apart.call(decoding.of_file, path, "", access.limits(), decoding.look)
    assert seen.picture.size == (40, 30)


def test_the_clock_ends_what_uses_no_time_of_a_processor(one, monkeypatch):
    monkeypatch.setattr(apart, "WAIT", 0.5)
    monkeypatch.setattr(apart, "LOOK", 0.1)
    said, lasting = failed(time.sleep, 60)
    assert "the computer is busy" in said
    assert not lasting


@pytest.mark.parametrize(
    ("number", "said", "lasting"),
    [(signal.SIGSEGV, apart.CRASHED, True), (signal.SIGKILL, apart.ENDED, False)],
    ids=["a broken library", "short memory"],
)
def test_a_process_that_dies_is_replaced(one, number, said, lasting):
    first = apart.call(os.getpid)
    assert failed(exec, f"import os; os.kill(os.getpid(), {int(number)})") == (said, lasting)
    assert apart.call(os.getpid) != first


def test_a_process_that_somebody_ended_is_asked_once_more_in_another(one, tmp_path):
    mark = tmp_path / "first"
    lines = (
        f"import os, pathlib; mark = pathlib.Path({str(mark)!r}); there = mark.exists();"
        f" mark.touch(); there or os.kill(os.getpid(), {int(signal.SIGKILL)})"
    )
    apart.call(exec, lines)
    assert mark.exists()


def test_one_that_goes_for_want_of_work_is_not_taken(one):
    apart.call(os.getpid)
    (process,) = apart._pool._all
    process._last -= 2 * apart.IDLE
    process.end, ended = (lambda: None), process.end  # between the look at the clock and the end
    process.tick()
    process.end = ended
    assert not process.take()


def test_one_that_died_while_it_waited_is_not_the_next_files_fault(one):
    os.kill(apart.call(os.getpid), signal.SIGKILL)
    time.sleep(0.2)
    assert images.decode_picture(png()).size == (40, 30)


def test_where_no_process_can_be_started_no_file_is_to_blame(one, monkeypatch):
    monkeypatch.setattr(children, "_START", "raise SystemExit(3)")
    said, lasting = failed(len, b"")
    assert "No process could be started" in said
    assert not lasting


def test_its_noise_is_heard_by_nobody(one, capfd):
    inside("import os; os.write(1, b'noise'); os.write(2, b'noise'); print('noise')")
    assert apart.call(len, b"four") == 4
    assert capfd.readouterr() == ("", "")


def test_a_mistake_in_the_program_is_no_picture_error(one):
    with pytest.raises(RuntimeError, match="TypeError"):
        apart.call(len, 5)
    with pytest.raises(Exception, match="pickle"):
        apart.call(lambda: 5)
    assert apart.call(len, b"four") == 4


def test_few_work_at_a_time(monkeypatch):
    monkeypatch.setattr(apart, "MOST", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    pool = apart._Pool()
    seen = set()
    work = threading.Thread
    threads = [work(target=lambda: seen.add(pool.call(os.getpid, (), {}))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.end()
    assert 1 <= len(seen) <= 2


def test_processes_with_nothing_to_do_go(one, monkeypatch):
    monkeypatch.setattr(apart, "LOOK", 0.05)
    first = apart.call(os.getpid)
    monkeypatch.setattr(apart, "IDLE", 0.1)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{first}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert apart.call(os.getpid) != first


def test_a_fork_of_ours_has_processes_of_its_own(one):
    first = apart.call(os.getpid)
    apart._forget()
    try:
        assert apart.call(os.getpid) != first
    finally:
        apart._pool.end()


def run(script, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    (tmp_path / "a.png").write_bytes(png())
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plain_script_is_not_run_twice(tmp_path):
    """As `multiprocessing` would where nothing is guarded by `if __name__ == "__main__"`."""
    done = run(
        """
        from pathlib import Path
        from srcsel.pictures.images import open_picture
        print(open_picture(Path("a.png")).size)
        """,
        tmp_path,
    )
    assert (done.stdout, done.stderr) == ("(40, 30)\n", "")


def goes(process, within=30.0):
    """Tell whether a process that is no child of ours ends within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if not Path(f"/proc/{process}/cmdline").read_bytes():  # ended, not yet asked for
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("busy", [False, True])
def test_they_go_when_we_are_killed(tmp_path, busy):
    done = run(
        f"""
        import os, signal, threading, time
        from srcsel.pictures import apart
        print(apart.call(os.getpid), flush=True)
        if {busy}:
            threading.Thread(target=apart.call, args=(time.sleep, 1)).start()
            time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )
    assert goes(int(done.stdout))


def test_one_that_waits_for_its_turn_goes_too(tmp_path, work_folder):
    work_folder.mkdir()
    with FileLock(work_folder / "large.lock"):
        done = run(
            """
            import os, signal, threading, time
            from pathlib import Path
            from srcsel.pictures import apart, images
            print(apart.call(os.getpid), flush=True)
            how = "from srcsel.pictures import bounds; bounds.LARGE = 100; bounds.HEARD = 0.1"
            apart.call(exec, how)
            threading.Thread(target=images.open_picture, args=(Path("a.png"),)).start()
            time.sleep(1)
            os.kill(os.getpid(), signal.SIGKILL)
            """,
            tmp_path,
        )
        assert goes(int(done.stdout))
