"""Packages at first use: asked for once, never twice, and a way on without the network's."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

from Clinic2CloudLib.cases.case import load_case
from Testing import standin

NETWORK = ["torch", "monai", "safetensors"]
RESOURCES = REPOSITORY / "Clinic2Cloud" / "Resources"


@pytest.fixture
def packages(driver: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The panel's packages as in a fresh session of Slicer."""
    from Clinic2CloudWidgets import packages

    monkeypatch.setattr(packages, "_checked", False)
    monkeypatch.setattr(packages, "_network", None)
    return packages


@pytest.fixture
def without_network(monkeypatch: pytest.MonkeyPatch, packages: Any) -> None:
    """The network's weights are part of the package; what runs it is not installed yet."""
    from Clinic2CloudLib import facenetwork as network

    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in NETWORK:
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    def lacking() -> tuple[str, ...]:
        taken = [] if standin.installs.declined else standin.installs.asked
        return tuple(n for n in NETWORK if not any(item.startswith(n) for item in taken))

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(network, "has_weights", lambda: True)
    monkeypatch.setattr(network, "lacking", lacking)
    monkeypatch.setattr(sys.modules["PyTorchUtils"].PyTorchUtilsLogic, "torchInstalled", lambda: 0)


def raising(error: Exception) -> Callable[..., None]:
    """An installation that fails in this way."""

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise error

    return fail


def test_nothing_is_asked_where_everything_is_installed(
    driver: Any, packages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the panel works offline once the packages are there."""
    from Clinic2CloudLib import facenetwork as network

    real = importlib.metadata.version
    # The tests' environment has no keyring.
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "25.0" if name == "keyring" else real(name)
    )
    monkeypatch.setattr(network, "has_weights", lambda: True)
    assert driver.widget.logic.installPackages() == ""
    assert standin.installs.asked == []
    assert standin.dialogs.questions == []


def test_without_weights_nobody_is_asked_for_torch(
    driver: Any, packages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from Clinic2CloudLib import facenetwork as network

    monkeypatch.setattr(network, "has_weights", lambda: False)
    monkeypatch.setattr(network, "lacking", lambda: tuple(NETWORK))
    assert packages.ensureNetwork() == ""
    assert standin.dialogs.questions == []


def test_torch_comes_through_the_pytorch_extension_and_the_rest_through_slicer(
    driver: Any, packages: Any, without_network: None
) -> None:
    standin.dialogs.will_answer("confirm", True)
    assert packages.ensureNetwork() == ""
    (question,) = standin.dialogs.questions
    assert "torch, monai, safetensors" in question
    assert "classical method" in question
    assert standin.installs.asked == ["torch>=2.1,<2.13", "monai>=1.3", "safetensors>=0.4"]
    assert packages.ensureNetwork() == ""
    assert len(standin.dialogs.questions) == 1


def test_without_the_pytorch_extension_slicer_brings_torch_too(
    driver: Any, packages: Any, without_network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    standin.dialogs.will_answer("confirm", True)
    assert packages.ensureNetwork() == ""
    names = [re.split("[<>=]", item)[0] for item in standin.installs.asked]
    assert names == NETWORK


@pytest.mark.parametrize("error", [RuntimeError("no wheel"), OSError("no line")])
def test_an_installation_that_fails_leaves_the_classical_method(
    driver: Any, packages: Any, without_network: None, monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:  # fmt: skip
    logic = sys.modules["PyTorchUtils"].PyTorchUtilsLogic
    monkeypatch.setattr(logic, "installTorch", raising(error))
    standin.dialogs.will_answer("confirm", True, True)
    assert packages.ensureNetwork() == "torch, monai, safetensors could not be installed"
    assert packages.ensureNetwork() == "torch, monai, safetensors could not be installed"
    assert len(standin.dialogs.questions) == 1, "asked once in a session"
    driver.widget.logic.installPackages()
    assert len(standin.dialogs.questions) == 2, "but again by whoever wants it"


def test_series_without_faces_ask_for_no_network(
    driver: Any, packages: Any, without_network: None
) -> None:
    driver.listed()
    (item,) = driver.panel.select.items.values()
    item.setText(1, "US")
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    driver.ui.applyButton.click()
    driver.ui.applyButton.click()
    assert standin.dialogs.questions == []
    driver.idle()


def test_who_declines_the_network_goes_on_and_is_told(
    driver: Any, packages: Any, without_network: None, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    """The panel says it, and so does the case, whose reviewer may be somebody else."""
    # The other process too has the weights and not torch.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['torch'] = None\n"
        "import Clinic2CloudLib.deface.choose as choose\nchoose.has_weights = lambda: True\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    driver.listed()
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    standin.dialogs.will_answer("confirm", False)
    driver.ui.applyButton.click()
    driver.until(lambda: "made and verified" in driver.ui.deidentifyStatus.text, 120)
    assert "classical method" in driver.ui.deidentifyStatus.text
    assert "declined" in driver.ui.deidentifyStatus.text
    assert [item for item in standin.installs.asked if item.startswith(tuple(NETWORK))] == []
    (folder,) = driver.cases.iterdir()
    face = load_case(folder).face
    assert face["status"] == "found"
    assert "The face network was not asked: torch not installed." in face["reasons"]
    driver.until(lambda: "torch not installed" in driver.ui.factsBrowser.plainText)
    driver.idle()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("The installation was declined"), "were not installed"),
        (subprocess.CalledProcessError(1, ["pip", "install"]), "is there a network"),
    ],
)
def test_without_the_librarys_packages_nothing_is_begun(
    driver: Any, packages: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    driver.listed()
    packages._checked = False  # (listing has asked already)
    monkeypatch.setattr(driver.slicer.packaging, "pip_ensure", raising(error))
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    driver.ui.applyButton.click()
    assert said in driver.ui.deidentifyStatus.text
    assert driver.processes()() == []
    assert not driver.cases.exists()


def test_slicers_lists_and_the_librarys_ask_for_the_same() -> None:
    """Bounds that drift apart would let Slicer keep what the library cannot use."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    least = {re.split("[><=;]", line)[0].strip(): line.partition(";")[0] for line in lines}
    for path in RESOURCES.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                name = re.split("[><=]", line)[0]
                assert line.partition(",")[0] == least[name].strip(), path.name
    listed = (RESOURCES / "requirements-network.txt").read_text()
    assert [n for n in NETWORK if not re.search(rf"^{n}>=", listed, re.M)] == []
