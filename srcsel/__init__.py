"""srcsel: which pretrained image model to start from, and how sure we are.

    import srcsel
    result = srcsel.rank("leaves", models="demo")
    result.verdict.winner, result.verdict.kind, result.verdict.text

Importing srcsel costs nothing. The public names stand in `__init__.pyi`; each is loaded when it is
first used.
"""

import lazy_loader

__version__ = "0.1.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__.sort(key=lambda name: (not name.isupper(), name))


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    return _load(name)
