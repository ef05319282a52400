"""Python packages at first use, through Slicer's own ways and only after asking."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

RESOURCES = Path(__file__).resolve().parent.parent / "Resources"
REQUIREMENTS = RESOURCES / "requirements.txt"
#: What the face network needs besides; without it faces are found by the classical method.
NETWORK_REQUIREMENTS = RESOURCES / "requirements-network.txt"

_checked = False
#: Why the network is not asked, empty where it is; None until the user was asked in this session.
_network: str | None = None


def ensurePackages() -> None:
    """Install what the library needs and Slicer lacks.

    Raises
    ------
    Clinic2CloudError
        When the user declines or the installation fails.
    """
    global _checked
    if _checked:
        return
    from Clinic2CloudLib.errors import Clinic2CloudError

    try:
        if hasattr(slicer, "packaging"):
            slicer.packaging.pip_ensure(
                slicer.packaging.load_requirements(REQUIREMENTS), requester="Clinic2Cloud"
            )
        else:
            _installWithPip()
    except RuntimeError as error:
        raise Clinic2CloudError(
            _("Python packages are missing and were not installed: {error}").format(error=error)
        ) from error
    except (subprocess.CalledProcessError, OSError) as error:  # their text is pip's whole command
        raise Clinic2CloudError(
            _("Python packages are missing and could not be installed; is there a network?")
        ) from error
    _checked = True


def ensureNetwork(again: bool = False) -> str:
    """Offer what the face network needs and Slicer lacks; at most once in a session.

    Parameters
    ----------
    again : bool
        Offer it once more, although it was declined or failed.

    Returns
    -------
    str
        Why faces are found by the classical method instead; empty where the network is asked, or
        is not part of this version.
    """
    global _network
    from Clinic2CloudLib import facenetwork as network

    if not network.has_weights() or not network.lacking():
        return ""
    if _network is None or again:
        _network = _offerNetwork(network)
    return _network


def _offerNetwork(network: Any) -> str:
    import importlib

    question = _(
        "The face network finds faces best. It needs these Python packages, which are not "
        "installed: {names}. Install them now? It takes some minutes and a few gigabytes.\n\n"
        "Without them, faces are found by the classical method, and the report says so."
    )
    if slicer.app.testingEnabled():
        return _("tests install nothing")
    if not slicer.util.confirmYesNoDisplay(question.format(names=", ".join(network.lacking()))):
        return _("the face network's packages were declined")
    try:
        _installNetwork()
    except Exception as error:  # whatever it is, the classical method needs nothing of it
        logging.warning("Clinic2Cloud: the face network's packages: %s", error)
    importlib.invalidate_caches()
    missing = ", ".join(network.lacking())
    return _("{names} could not be installed").format(names=missing) if missing else ""


def _installNetwork() -> None:
    """Install torch, by the PyTorch extension where there is one, then what stands on it."""
    lines = missingPackages(NETWORK_REQUIREMENTS.read_text().splitlines())
    try:
        import PyTorchUtils
    except ImportError:
        torch = []
    else:
        torch = [line for line in lines if line.startswith("torch")]
        if torch and not PyTorchUtils.PyTorchUtilsLogic.torchInstalled():
            # It knows which build the graphics card wants.
            PyTorchUtils.PyTorchUtilsLogic().installTorch(
                askConfirmation=False, torchVersionRequirement=torch[0].removeprefix("torch")
            )
    rest = [line for line in lines if line not in torch]
    if not rest:
        return
    if hasattr(slicer, "packaging"):
        from packaging.requirements import Requirement

        slicer.packaging.pip_ensure(
            [Requirement(line) for line in rest],
            # MONAI may ask for another torch than the one that loads here.
            skip_packages=["torch"] if torch else None,
            prompt_install=False,
            requester="Clinic2Cloud",
        )
    else:  # MONAI stands on numpy and torch alone
        slicer.util.pip_install(["--no-deps", *rest] if torch else rest)


def _installWithPip() -> None:
    """Do by hand what Slicer before 5.12 has no function for."""
    missing = missingPackages(REQUIREMENTS.read_text().splitlines())
    if not missing:
        return
    question = _("Clinic2Cloud needs these Python packages: {names}. Install them now?")
    if not slicer.util.confirmOkCancelDisplay(question.format(names=", ".join(missing))):
        raise RuntimeError(_("declined"))
    slicer.util.pip_install([str(name) for name in missing])


def missingPackages(lines: list[str]) -> list[str]:
    """Return those requirements that are not met."""
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    missing = []
    for line in lines:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            met = requirement.specifier.contains(version(requirement.name), prereleases=True)
        except PackageNotFoundError:
            met = False
        if not met:
            missing.append(text)
    return missing
