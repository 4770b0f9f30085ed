"""Import every module of a package, so that what registers itself on import is registered.

This is the whole plug-in mechanism: a new measure or hub is one new file in its package.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def import_all(package: ModuleType) -> list[str]:
    """Import all public modules of `package` (names without a leading underscore), sorted by name.

    Returns the names imported. An import error is not swallowed: a broken plug-in must be seen.
    """
    names = sorted(
        m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")
    )
    for name in names:
        importlib.import_module(f"{package.__name__}.{name}")
    return names
