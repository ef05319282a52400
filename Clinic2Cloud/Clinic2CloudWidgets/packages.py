"""Python packages at first use, through Slicer's own ways and only after asking."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

REQUIREMENTS = Path(__file__).resolve().parent.parent / "Resources" / "requirements.txt"

_checked = False


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
    _checked = True


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
