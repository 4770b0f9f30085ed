"""What lies in a torch file, read without torch and without running anything.

A pickle is a program. Here its every name that torch's own tensors do not need becomes a stand-in
that does nothing: objects that a training program left beside the weights (`argparse.Namespace`,
configurations, counters) are data and may stay, and whatever would be called is refused. Tensors
come out as their shapes; `names` says which stand-ins torch's weights-only reader needs.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import pickletools
import re
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

MOST_BYTES = 1 << 26  # of the pickle itself, without the numbers of its tensors
MAGIC = 0x1950A86A20F9469CFC6C  # first in files of torch before 1.6
CALLED = re.compile(
    r"argparse\.Namespace|types\.SimpleNamespace|functools\.partial|copyreg\._reconstructor"
    r"|_codecs\.encode|(pathlib(\._local)?|datetime|decimal|fractions|uuid|collections)\.\w+"
    r"|builtins\.(set|frozenset|slice|complex|bytearray|bytes|range|object|dict|list|tuple|int"
    r"|float|str|bool)"
    r"|numpy\.(dtype|ndarray|(_?core\.)?(multiarray|numeric)\.(scalar|_reconstruct|_frombuffer))"
    r"|torch\.(Size|device|dtype|serialization\._get_layout|nn\.parameter\.Parameter)"
    r"|torch\.(storage\.)?(\w*Storage)|torch\._tensor\._rebuild_from_type_v2"
    r"|torch\._utils\._rebuild_\w+"
)
"""What a pickle may call: makers of plain values, none of which is really called."""
RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # Python 2's, still written today
BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    EOFError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ImportError,
    NotImplementedError,
    RecursionError,
    MemoryError,
    OverflowError,
    zlib.error,
)
"""What reading bytes that are no torch file may raise, beside ValueError."""
PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
REBUILDS = re.compile(r"torch\._utils\._rebuild_(tensor|parameter|qtensor|meta_tensor)\w*")


class Other(ValueError):
    """The file is whole, but of another kind; the message goes on after its name."""


class Refused(Exception):
    """The pickle would call something; the message is its name."""


class Shape(NamedTuple):
    """A tensor of which only the shape was read."""

    shape: tuple[int, ...]


@dataclass
class Scan:
    """The content of a file with shapes in place of tensors."""

    content: Any
    names: dict[str, type] = field(default_factory=dict)  # "argparse.Namespace" -> its stand-in


class _Inert(type):
    """Classes whose calls are only recorded, or refused by name."""

    name: str

    def __call__(cls, *args: Any, **_: Any) -> Any:
        if not CALLED.fullmatch(cls.name):
            raise Refused(cls.name)
        return cls.__new__(cls, *args)  # pyright: ignore


class _StandIn(dict, metaclass=_Inert):
    """An object of a class that is not there: takes items, appended values and a state."""

    name = ""
    __hash__ = object.__hash__  # pyright: ignore (as a key, it is itself)
    kind: type = object  # what torch's reader must make in its place: object, OrderedDict or list

    def __new__(cls, *_args: Any, **_keywords: Any) -> Any:
        return dict.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __setitem__(self, key: Any, value: Any) -> None:
        type(self).kind = OrderedDict
        super().__setitem__(key, value)

    def append(self, _: Any) -> None:
        """Take a value, as lists do."""
        type(self).kind = list

    def extend(self, _: Any) -> None:
        """Take values, as lists do."""
        type(self).kind = list

    def __setstate__(self, _: Any) -> None:
        """Forget the state: nothing of it is a weight."""


class _Reader(pickle.Unpickler):
    """Follows a pickle with stand-ins for everything it names."""

    def __init__(self, file: io.BufferedIOBase | io.BytesIO) -> None:
        super().__init__(file)
        self.names: dict[str, type] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Hand out what makes shapes, ordinary containers, or a stand-in; never import anything."""
        full = f"{RENAMED.get(module, module)}.{name}"
        if REBUILDS.fullmatch(full):
            return _rebuilt
        if full == "torch._tensor._rebuild_from_type_v2":
            return lambda function, _kind, args, _state: function(*args)
        plain: dict[str, Callable[..., Any]] = {
            "collections.OrderedDict": OrderedDict,
            "torch.Size": lambda sizes=(): tuple(sizes),
            "builtins.set": set,
            "_codecs.encode": lambda *_: b"",
        }
        if full in plain:
            return plain[full]
        return self.names.setdefault(full, _Inert("StandIn", (_StandIn,), {"name": full}))

    def persistent_load(self, pid: Any) -> Any:  # noqa: ARG002 (a storage: its numbers stay in the file)
        """Name no storage."""
        return None


def scan(path: Path) -> Scan:
    """Read the structure of a file that `torch.save` wrote, of any version.

    Raises Refused, Other where it is another kind of file, or ValueError where it is none of them.
    """
    with path.open("rb") as file:
        try:
            data = _pickled(file)
            _require_small_memo(data)
            reader = _Reader(io.BytesIO(data))
            content = reader.load()
            for _ in range(3 if content == MAGIC else 0):  # protocol, system, then the content
                content = reader.load()
        except BROKEN as error:
            raise ValueError(str(error) or type(error).__name__) from error
    return Scan(content, reader.names)


def _pickled(file: io.BufferedReader) -> bytes:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        size = os.fstat(file.fileno()).st_size
        return file.read(min(size, MOST_BYTES))  # room is made for all of it
    with zipfile.ZipFile(file) as archive:
        inside = [entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl")]
        if any("/code/" in entry.filename for entry in archive.infolist()):
            raise Other(
                "is a program (TorchScript), not weights alone. Save `model.state_dict()`, best as"
                " .safetensors."
            )
        if len(inside) != 1 or inside[0].file_size > MOST_BYTES:
            raise Other(
                "is an archive of something else than one network's weights. Unpack it, and take"
                " the file of weights in it, if there is one."
            )
        return archive.read(inside[0])


def _require_small_memo(data: bytes) -> None:
    """Raise ValueError for a pickle that numbers its parts far beyond their count: Python would
    fill the memory with room for them.
    """
    stream = io.BytesIO(data)
    with contextlib.suppress(*BROKEN, ValueError):  # the reader says what is wrong
        for _ in range(4):  # old files: magic number, protocol, system, content
            for code, number, _ in pickletools.genops(stream):
                if code.name in PUTS and int(number or 0) > len(data):
                    raise Refused("a table of its parts that would fill the memory")


def _rebuilt(*args: Any) -> Any:
    """Find the shape in the arguments of any of torch's rebuilding functions."""
    for value in args:
        if isinstance(value, Shape):  # a parameter around a tensor
            return value
        if isinstance(value, tuple) and all(type(size) is int for size in value):
            return Shape(value)
    return Shape(())
