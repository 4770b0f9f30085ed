"""Pictures at an address that cannot be reached: on every page one sentence that says what to do,
no trace, and nothing of the credentials.
"""

import dataclasses
import io
import shutil

import pytest
from fsspec.spec import AbstractFileSystem
from PIL import Image

from srcsel.base import sampling
from srcsel.jobs.worker import _claim, _work
from srcsel.runs.question import new_run
from srcsel.store.serialize import to_plain
from srcsel.ui.images import listed, strips
from srcsel.ui.parts import making

pytest.importorskip("s3fs", reason='s3fs is not installed (pip install "srcsel[s3]")')

REF = "s3://bucket/leaves"
SECRET = "nobody-may-read-this-secret"
NAMES = [f"bucket/leaves/{kind}/{i}.png" for kind in ("mildew", "rust") for i in range(100)]


def failing(name, *parents, text=f"SignatureDoesNotMatch {SECRET}"):
    return type(name, parents or (Exception,), {})(text)


class Far(AbstractFileSystem):
    """A store that lists `names`, answers `fails` to that, and `loses` its files after the first
    ones.
    """

    cachable = False
    names, fails, loses, data = (), None, None, b"none"

    def ls(self, path, detail=True, **_):
        if self.fails is not None:
            raise self.fails
        head = f"{path}/"
        inside = {n.removeprefix(head).split("/")[0] for n in self.names if n.startswith(head)}
        return [
            {"name": f"{path}/{one}", "type": "file", "size": len(self.data), "ETag": "x"}
            if f"{path}/{one}" in self.names
            else {"name": f"{path}/{one}", "type": "directory", "size": 0}
            for one in sorted(inside)
        ]

    def get(self, sources, targets):
        for source, target in zip(sources, targets, strict=True):
            if self.loses is not None and source.endswith("/70.png"):
                raise self.loses
            with open(target, "wb") as file:  # noqa: PTH123
                file.write(self.data)


CASES = {
    "no such bucket": (FileNotFoundError(SECRET), None, (), "Nothing lies at s3://bucket/leaves"),
    "no credentials": (
        *(failing("NoCredentialsError"), None, ()),
        "No credentials for s3://bucket/leaves were found. Set them in the environment",
    ),
    "refused": (
        *(PermissionError(SECRET), None, ()),
        "s3://bucket/leaves may not be opened with the credentials of the environment",
    ),
    "nothing there": (None, None, (), "Nothing lies at s3://bucket/leaves"),
    "silence": (
        *(failing("EndpointConnectionError"), None, ()),
        "The store of s3://bucket/leaves did not answer (EndpointConnectionError)",
    ),
    "lost half-way": (
        *(None, failing("ReadTimeoutError"), NAMES),
        "The store of s3://bucket/leaves did not answer (ReadTimeoutError). What was fetched is",
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def said(request, monkeypatch, work):
    """What is said where the store does so."""
    fails, loses, names, sentence = request.param
    listed._list.clear()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    for name, value in (("fails", fails), ("loses", loses), ("names", names)):
        monkeypatch.setattr(Far, name, value)
    monkeypatch.setattr("fsspec.filesystem", lambda *_, **__: Far())
    return sentence


@pytest.fixture
def done(board):
    """Let the worker do what waits."""

    def work(lane):
        while (row := _claim(board.table, lane)) is not None:
            _work(board.table, row)

    return work


@pytest.fixture
def reads(said, words_of, work):
    """Look at a page: the sentence stands there once, and nothing that it should not hold."""

    def look(tab):
        assert not tab.exception
        shown = words_of(tab)
        plain = shown.replace("\\", "").replace("\u2060", "")
        assert plain.count(said) == 1, plain
        everything = "\n".join([shown, *(code.value for code in tab.code)])
        assert "Traceback" not in everything
        assert SECRET not in everything
        kept = [path for path in work.rglob("*") if path.is_file()]
        assert kept
        assert not [path for path in kept if SECRET.encode() in path.read_bytes()]

    return look


def again(tab, done):
    """Draw a tab, let its check be done, and draw it again."""
    tab.run()
    done("quick")
    return tab.run()


def test_images_says_it(visit, done, reads):
    reads(again(visit("images", images=REF), done))


def test_models_says_it_and_no_longer_that_they_are_fetched(visit, done, reads, words_of):
    tab = again(visit("models", images=REF), done)
    assert "being fetched" not in words_of(tab)
    if Far.loses is None:
        reads(tab)
    else:  # the names are here: models can be chosen, and the run says it
        assert "200 pictures in 2 classes" in words_of(tab)
        reads(again(visit("images", images=REF), done))


def test_results_says_it(visit, board, done, reads):
    run = new_run(REF, ["pixels"], device="cpu")
    board.submit("rank", {"run": to_plain(run)})
    done("compute")
    reads(visit("results", run=run.id))


def test_run_again_says_it(visit, done, reads, save, result):
    """The pictures of a run whose copies here were removed."""
    before = save(
        result,
        run=dataclasses.replace(result.run, ref=REF),
        dataset=dataclasses.replace(result.dataset, ref=REF),
    )
    tab = again(visit("models", images=REF, again=before.run.id), done)
    reads(tab if Far.loses is None else again(visit("images", images=REF), done))


@pytest.fixture
def leaves(monkeypatch):
    """200 pictures in two classes at the address."""
    made = io.BytesIO()
    Image.linear_gradient("L").resize((16, 12)).save(made, "png")
    for name, value in (("names", NAMES), ("fails", None), ("data", made.getvalue())):
        monkeypatch.setattr(Far, name, value)
    monkeypatch.setattr("fsspec.filesystem", lambda *_, **__: Far())


@pytest.mark.usefixtures("leaves")
def test_what_was_removed_since_the_check_is_fetched_anew_without_being_asked(
    visit, done, work, board, monkeypatch
):
    """As when the cache was cleaned; where a second check brings nothing either, it stays so."""
    listed._list.clear()
    tab = again(visit("images", images=REF), done)
    for _ in range(2):
        assert len(list(work.rglob("*.png"))) == 200
        shutil.rmtree(work / "public")
        tab = again(tab, done)
        assert not tab.exception
        tab.run()
    for module in (making, listed):
        monkeypatch.setattr(module, "lies_here", lambda _: False)
    again(again(tab, done), done)
    assert not [job for job in board.active() if job.kind == "check"]


@pytest.mark.usefixtures("leaves")
def test_of_a_sample_pages_show_what_was_fetched_and_say_how_much_that_is(
    visit, done, work, words_of, monkeypatch
):
    listed._list.clear()
    for name, value in (("ALL_UP_TO", 100), ("SIZE", 60), ("EACH", 5)):
        monkeypatch.setattr(sampling, name, value)
    shown = []
    register = strips.thumbs.register

    def seen(folder, paths, ranges):
        shown.extend(folder / path for path in paths)
        return register(folder, paths, ranges)

    monkeypatch.setattr(strips.thumbs, "register", seen)
    tab = again(visit("images", images=REF), done)
    assert not tab.exception
    assert len([path for path in work.rglob("*.png") if path.is_file()]) == 60
    words = words_of(tab).replace("\\", "")
    assert "200 pictures listed, 60 fetched." in words
    assert "200 pictures are listed at s3" in words
    assert [metric.value for metric in tab.metric][:3] == ["200", "2", "30"]
    assert len(shown) == 12
    assert all(path.is_file() for path in shown)
    tab = visit("models", images=REF)
    assert not tab.exception
    assert "200 pictures in 2 classes" in words_of(tab)
