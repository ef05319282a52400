"""Finding and replacing the face in a head scan.

:func:`find_face` says where face, ears, brain and head are, or why there is nothing to replace;
:func:`replace_face` gives new stored values for the face and the ears and for nothing else.
"""

from __future__ import annotations

from ..dicom.model import Volume
from ..progress import Progress, silent
from .choose import default_finder
from .finder import AtlasFinder, FaceFinder
from .model import FaceFinding, FaceMethod, FaceReplacement, FaceStatus
from .replace import replace_face

__all__ = [
    "AtlasFinder",
    "FaceFinder",
    "FaceFinding",
    "FaceMethod",
    "FaceReplacement",
    "FaceStatus",
    "default_finder",
    "find_face",
    "replace_face",
]


def find_face(
    volume: Volume, progress: Progress | None = None, finder: FaceFinder | None = None
) -> FaceFinding:
    """Find face, ears, brain and head in a scan.

    Parameters
    ----------
    volume : Volume
        An MR or CT of anything, any contrast, orientation and field of view.
    progress : Progress, optional
        Told how far it is.
    finder : FaceFinder, optional
        Which finder to ask; when not given, the network's, or the classical one where the
        network's packages are not installed (the finding's reasons say so).

    Returns
    -------
    FaceFinding
        Masks of shape (K, J, I) where a head was found; the verdict and its reasons always.
    """
    return (finder or default_finder()).find(volume, progress or silent)
