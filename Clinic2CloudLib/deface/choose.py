"""Which finder is asked when nobody names one."""

from __future__ import annotations

from dataclasses import replace

from ..dicom.model import Volume
from ..progress import Progress, silent
from .finder import AtlasFinder, FaceFinder
from .model import FaceFinding
from .network import NetworkFinder, has_weights, lacking


def default_finder() -> FaceFinder:
    """Return the network's finder, or the classical one where the network cannot run.

    Where the network's weights are not part of the package, the classical finder is all there is.
    """
    if not has_weights():
        return AtlasFinder()
    missing = lacking()
    return ClassicalInstead(missing) if missing else NetworkFinder()


class ClassicalInstead:
    """The classical finder, saying in every finding why the network was not asked."""

    name = AtlasFinder.name

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.reason = f"The face network was not asked: {', '.join(missing)} not installed."

    def find(self, volume: Volume, progress: Progress = silent) -> FaceFinding:
        """Find the face; see :func:`Clinic2CloudLib.deface.find_face`."""
        finding = AtlasFinder().find(volume, progress)
        return replace(finding, reasons=(*finding.reasons, self.reason))
