"""``slicer.packaging`` and PyTorchUtils: what would be installed is recorded, no more."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Installs:
    """What was asked for.

    Attributes
    ----------
    asked : list of str
        Requirements in the order they were asked for.
    declined : bool
        Set by a test: the user says no.
    """

    asked: list[str] = field(default_factory=list)
    declined: bool = False

    def clear(self) -> None:
        """Forget everything."""
        self.asked.clear()
        self.declined = False

    def take(self, requirements: Any) -> None:
        """Record requirements; raise RuntimeError when the user says no."""
        items = [requirements] if isinstance(requirements, str) else list(requirements)
        self.asked += [str(item) for item in items]
        if self.declined:
            raise RuntimeError("The installation was declined")


installs = Installs()


def make_packaging() -> types.ModuleType:
    """Make the module ``slicer.packaging`` of Slicer 5.12."""
    module = types.ModuleType("slicer.packaging", __doc__)

    def pip_install(requirements: Any, *args: Any, **kwargs: Any) -> None:
        installs.take(requirements)

    def pip_ensure(
        requirements: Any,
        constraints: Any = None,
        skip_packages: Any = None,
        requester: str | None = None,
        **kwargs: Any,
    ) -> list[str]:
        from importlib.metadata import PackageNotFoundError, version

        from packaging.requirements import Requirement

        missing = []
        for item in [requirements] if isinstance(requirements, str) else requirements:
            requirement = item if isinstance(item, Requirement) else Requirement(item)
            if requirement.name in (skip_packages or ()):
                continue
            try:
                if version(requirement.name) in requirement.specifier:
                    continue
            except PackageNotFoundError:
                missing.append(requirement)
            else:
                missing.append(requirement)
        if missing:
            installs.take(missing)
        return []

    def load_requirements(path: Any) -> list[Any]:
        from packaging.requirements import Requirement

        lines = (line.partition("#")[0].strip() for line in Path(path).read_text().splitlines())
        return [Requirement(line) for line in lines if line]

    module.pip_install = pip_install
    module.pip_uninstall = pip_install
    module.pip_ensure = pip_ensure
    module.load_requirements = load_requirements
    return module


def make_torch_utils() -> types.ModuleType:
    """Make the module ``PyTorchUtils`` of the PyTorch extension."""
    module = types.ModuleType("PyTorchUtils", __doc__)

    class PyTorchUtilsLogic:
        """Installs and imports torch."""

        def torchInstalled(self) -> bool:
            """Tell whether torch is there."""
            import importlib.util

            return importlib.util.find_spec("torch") is not None

        def installTorch(self, *args: Any, **kwargs: Any) -> Any:
            """Record what was asked for; nothing is installed."""
            wanted = kwargs.get("torchVersionRequirement") or ""
            installs.take(f"torch{wanted}")
            return None

        def importTorch(self, *args: Any, **kwargs: Any) -> Any:
            """Import torch."""
            import torch

            return torch

    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    return module
