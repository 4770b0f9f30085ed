"""Public sets through torchvision itself, from a server on this computer."""

import hashlib
import http.server
import io
import itertools
import tarfile
import threading
import time

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import Cancelled, DownloadError, InputError, UnknownNameError
from srcsel.pictures import public, public_download, public_labels
from srcsel.pictures.dataset import list_pictures, load_dataset
from srcsel.pictures.public import PUBLIC, stored
from srcsel.pictures.public_download import fetch
from tests.recorder import Recorder


def picture(color):
    out = io.BytesIO()
    Image.new("RGB", (12, 12), color).save(out, "JPEG")
    return out.getvalue()


def packed(contents, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def server():
    """A loopback server of {path: bytes}; `delay` seconds between pieces of 4 KB."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.server.held.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            try:
                for start in range(0, len(body or b""), 4096):
                    self.wfile.write(body[start : start + 4096])
                    time.sleep(self.server.delay)
            except OSError:
                pass

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.held, running.delay, running.daemon_threads = {}, 0, True
    running.url = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def small(monkeypatch):
    """Let progress count toward the small archive instead of the real one's size."""

    def shrink(name, size):
        about = public.PublicSet(**{**vars(PUBLIC[name]), "download_bytes": size})
        monkeypatch.setitem(PUBLIC, name, about)

    return shrink


@pytest.fixture
def textures(server, monkeypatch):
    from torchvision import datasets

    splits = {
        "train": ["banded/1.jpg", "lined/1.jpg"],
        "val": ["banded/2.jpg"],
        "test": ["lined/2.jpg"],
    }
    contents = {
        f"dtd/labels/{s}1.txt": ("\n".join(names) + "\n").encode() for s, names in splits.items()
    }
    for k, name in enumerate(itertools.chain(*splits.values())):
        contents[f"dtd/images/{name}"] = picture((60 * k, 0, 0))
    contents["dtd/images/banded/.directory"] = b"litter"
    data = packed(contents)
    server.held["/dtd.tar.gz"] = data
    monkeypatch.setattr(datasets.DTD, "_URL", f"{server.url}/dtd.tar.gz")
    monkeypatch.setattr(datasets.DTD, "_MD5", hashlib.md5(data).hexdigest())
    return data


def test_the_table_is_complete():
    assert list(PUBLIC) == [
        "Flowers102",
        "OxfordIIITPet",
        "DTD",
        "EuroSAT",
        "Food101",
        "Imagenette",
    ]
    for name, about in PUBLIC.items():
        assert about.name == name
        assert about.source.startswith("https://")
        assert about.license
        assert about.pictures >= 40 * about.classes


def test_textures(textures, tmp_path, small):
    small("DTD", len(textures))
    watch = Recorder()
    found = fetch("DTD", tmp_path, watch)
    assert found.classes == ("banded", "lined")
    assert found.paths == tuple(
        f"dtd/dtd/images/{n}.jpg" for n in ("banded/1", "banded/2", "lined/1", "lined/2")
    )
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert (found.ref, found.name, found.license) == (
        "public:DTD",
        "Describable textures",
        "for research purposes",
    )
    assert all((found.folder / path).is_file() for path in found.paths)
    assert not list(tmp_path.rglob("*.tar.gz"))  # the archive is not kept twice
    assert [p.name for p in tmp_path.iterdir()] == ["DTD"]
    assert all(seen[:2] == ("pictures", "downloading") for seen in watch.seen)


def test_a_set_that_is_there_needs_no_server(textures, tmp_path, server):
    fetch("DTD", tmp_path)
    server.held.clear()
    again = fetch("DTD", tmp_path)
    assert again.paths == stored("DTD", tmp_path).paths


def test_as_a_dataset(textures, tmp_path, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path))
    data = load_dataset("public:DTD")
    assert (len(data.paths), data.classes, data.license) == (
        4,
        ("banded", "lined"),
        "for research purposes",
    )
    assert list_pictures("public:DTD").paths == data.paths


def test_flowers(server, tmp_path, monkeypatch):
    from scipy.io import savemat
    from torchvision import datasets

    def matrix(**arrays):
        out = io.BytesIO()
        savemat(out, arrays)
        return out.getvalue()

    held = {
        "102flowers.tgz": packed(
            {f"jpg/image_{k:05d}.jpg": picture((0, 40 * k, 0)) for k in range(1, 5)}
        ),
        "imagelabels.mat": matrix(labels=np.array([[77, 1, 77, 2]])),
        "setid.mat": matrix(trnid=np.array([[1, 2]]), valid=np.array([[3]]), tstid=np.array([[4]])),
    }
    server.held.update({f"/{name}": data for name, data in held.items()})
    kinds = zip(("image", "label", "setid"), held.items(), strict=True)
    table = {kind: (name, hashlib.md5(data).hexdigest()) for kind, (name, data) in kinds}
    monkeypatch.setattr(datasets.Flowers102, "_download_url_prefix", f"{server.url}/")
    monkeypatch.setattr(datasets.Flowers102, "_file_dict", table)
    found = fetch("Flowers102", tmp_path)
    names = getattr(datasets.Flowers102, "classes", [f"flower {k:03d}" for k in range(1, 103)])
    assert found.classes == tuple(sorted((names[76], names[0], names[1])))
    assert [found.classes[k] for k in found.labels] == [names[76], names[0], names[76], names[1]]
    assert len(found.paths) == 4  # every split
    assert not (found.folder / "flowers-102" / "102flowers.tgz").exists()


def test_pets(server, tmp_path, monkeypatch):
    from torchvision import datasets

    lists = {
        "trainval": "Abyssinian_1 1 1 1\ngreat_pyrenees_2 2 2 1\n",
        "test": "Abyssinian_3 1 1 1\n",
    }
    names = ("Abyssinian_1", "great_pyrenees_2", "Abyssinian_3")
    held = {
        "images.tar.gz": packed({f"images/{name}.jpg": picture("white") for name in names}),
        "annotations.tar.gz": packed(
            {f"annotations/{split}.txt": text.encode() for split, text in lists.items()}
        ),
    }
    server.held.update({f"/{name}": data for name, data in held.items()})
    resources = tuple(
        (f"{server.url}/{name}", hashlib.md5(data).hexdigest()) for name, data in held.items()
    )
    monkeypatch.setattr(datasets.OxfordIIITPet, "_RESOURCES", resources)
    found = fetch("OxfordIIITPet", tmp_path)
    assert found.classes == ("Abyssinian", "great pyrenees")
    assert found.labels.tolist() == [0, 0, 1]
    assert found.paths[2] == "oxford-iiit-pet/images/great_pyrenees_2.jpg"


def test_food_and_imagenette(server, tmp_path, monkeypatch):
    from torchvision import datasets

    meta = {
        "train": b'{"apple_pie": ["apple_pie/1"], "sushi": ["sushi/2"]}',
        "test": b'{"sushi": ["sushi/3"]}',
    }
    food = {f"food-101/meta/{split}.json": text for split, text in meta.items()}
    food |= {
        f"food-101/images/{name}.jpg": picture("red")
        for name in ("apple_pie/1", "sushi/2", "sushi/3")
    }
    tench, horn = "n01440764", "n03394916"
    files = (
        "train/n01440764/1.JPEG",
        "val/n01440764/2.JPEG",
        "train/n03394916/3.JPEG",
        "val/n03394916/4.JPEG",
    )
    imagenette = {f"imagenette2-320/{name}": picture("blue") for name in files}
    for name, contents in (("food-101.tar.gz", food), ("imagenette2-320.tgz", imagenette)):
        server.held[f"/{name}"] = packed(contents)
    digests = {name: hashlib.md5(data).hexdigest() for name, data in server.held.items()}
    monkeypatch.setattr(datasets.Food101, "_URL", f"{server.url}/food-101.tar.gz")
    monkeypatch.setattr(datasets.Food101, "_MD5", digests["/food-101.tar.gz"])
    place = (f"{server.url}/imagenette2-320.tgz", digests["/imagenette2-320.tgz"])
    monkeypatch.setattr(datasets.Imagenette, "_ARCHIVES", {"320px": place})
    found = fetch("Food101", tmp_path)
    assert (found.classes, found.labels.tolist()) == (("apple pie", "sushi"), [0, 1, 1])
    found = fetch("Imagenette", tmp_path)
    labels = {
        path.split("/")[2]: found.classes[k]
        for path, k in zip(found.paths, found.labels, strict=True)
    }
    assert (len(found.paths), labels) == (4, {tench: "tench", horn: "French horn"})


def test_land_use_from_unpacked_folders(tmp_path):
    """EuroSAT's address is inside torchvision's method, so only the reading of its folders is
    tried.
    """
    for name in ("Forest/Forest_1.jpg", "River/River_1.jpg", "River/River_2.jpg"):
        path = tmp_path / "eurosat" / "2750" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = public_labels.annotation(PUBLIC["EuroSAT"], None, tmp_path)
    assert found["classes"] == ["Forest", "River"]
    assert [label for _, label in found["pictures"]] == [0, 1, 1]


def test_offline(tmp_path, monkeypatch, server):
    from torchvision import datasets

    monkeypatch.setattr(datasets.DTD, "_URL", "http://127.0.0.1:9/dtd.tar.gz")
    with pytest.raises(
        DownloadError, match=r"No connection to the server of Describable textures.*625 MB"
    ):
        fetch("DTD", tmp_path)
    monkeypatch.setattr(datasets.DTD, "_URL", "http://no-such-host.invalid/dtd.tar.gz")
    with pytest.raises(DownloadError, match="No connection"):
        fetch("DTD", tmp_path)
    monkeypatch.setattr(datasets.DTD, "_URL", f"{server.url}/gone.tar.gz")
    with pytest.raises(DownloadError, match="answered with error 404"):
        fetch("DTD", tmp_path)
    assert not (tmp_path / "DTD").exists()


def test_a_damaged_download(textures, tmp_path, server):
    server.held["/dtd.tar.gz"] = textures[:-10]
    with pytest.raises(DownloadError, match="incomplete or damaged"):
        fetch("DTD", tmp_path)
    server.held["/dtd.tar.gz"] = textures
    assert len(fetch("DTD", tmp_path).paths) == 4


def test_progress_and_stop(textures, tmp_path, server, small, monkeypatch):
    monkeypatch.setattr(public_download, "POLL_SECONDS", 0.02)
    noise = np.random.default_rng(0).integers(0, 256, 400_000, np.uint8).tobytes()
    server.held["/dtd.tar.gz"] = textures + noise  # never arrives whole
    server.delay = 0.02
    small("DTD", len(textures) + len(noise))
    watch = Recorder(lambda told: told.done > 0)
    start = time.monotonic()
    with pytest.raises(Cancelled):
        fetch("DTD", tmp_path, watch)
    assert time.monotonic() - start < 4
    assert 0 < watch.seen[-1][2] < watch.seen[-1][3] == len(textures) + len(noise)
    assert "Downloading" in watch.seen[-1][4]
    assert public_download._AT_WORK.acquire(timeout=5)  # the thread has ended
    public_download._AT_WORK.release()
    server.held["/dtd.tar.gz"], server.delay = textures, 0
    assert len(fetch("DTD", tmp_path).paths) == 4


def test_what_an_interrupted_try_unpacked_is_not_trusted(textures, tmp_path, server):
    """torchvision takes an existing folder for a complete set; a killed process leaves half of
    one.
    """
    half = tmp_path / ".DTD-part" / "dtd"
    (half / "dtd" / "labels").mkdir(parents=True)
    (half / "dtd" / "labels" / "train1.txt").write_text("banded/1.jpg\n")
    (half / "dtd.tar.gz").write_bytes(textures)
    server.held.clear()
    server.held["/dtd.tar.gz"] = b""  # only asked for its address; the archive is there
    assert len(fetch("DTD", tmp_path).paths) == 4


def test_too_little_space(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10**9})
    monkeypatch.setattr(public_download.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=r"needs 11\.0 GB of free space.*has 1\.0 GB"):
        fetch("Food101", tmp_path)


def test_unknown_and_missing_sets(tmp_path):
    with pytest.raises(UnknownNameError, match="Flowers102"):
        fetch("flowers", tmp_path)
    with pytest.raises(InputError, match="not on this computer yet"):
        stored("DTD", tmp_path)
    (tmp_path / "DTD").mkdir()
    (tmp_path / "DTD" / "pictures.json").write_text("{")
    with pytest.raises(InputError, match="not on this computer yet"):
        stored("DTD", tmp_path)
