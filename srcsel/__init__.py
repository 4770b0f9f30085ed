"""srcsel: which pretrained image model to start from, and how sure we are.

    import srcsel
    result = srcsel.rank("leaves", models="demo")
    result.verdict.winner, result.verdict.kind, result.verdict.text

Importing srcsel costs nothing. The public names stand in `__init__.pyi`; each is loaded when it is
first used.
"""

from collections.abc import Callable

import lazy_loader

__version__ = "0.1.0"


def _public() -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Return what loads a public name, what lists them, and the names, constants first."""
    load, listed, names = lazy_loader.attach_stub(__name__, __file__)
    return load, listed, sorted(names, key=lambda name: (not name.isupper(), name))


_load, __dir__, __all__ = _public()


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    return _load(name)
