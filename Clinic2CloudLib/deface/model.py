"""What the finder of the face and its replacement hand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

#: ``found``: a face to replace. ``no_head``: not a head, nothing to do. ``no_face``: a head whose
#: field of view holds no face. ``already_removed``: the face was removed before. ``uncertain``:
#: a person must decide; the case is held.
FaceStatus = Literal["found", "no_head", "no_face", "already_removed", "uncertain"]

#: How the face is taken away. ``reface``: an average face in its place. ``smooth``: the skin carved
#: and filled to a smoothed, randomly bumped surface. ``remove``: background in its place.
FaceMethod = Literal["reface", "smooth", "remove"]


@dataclass(frozen=True)
class FaceFinding:
    """Where the face is, or why there is none.

    Attributes
    ----------
    status : FaceStatus
        The verdict.
    finder : str
        The method's name, as the report shows it.
    face, ears, brain, head : numpy.ndarray or None
        Boolean, shape (K, J, I) of the volume. ``brain`` includes a safety margin.
    confidence : float
        From 0 to 1.
    reasons : tuple of str
        What speaks for or against the verdict, in words for a radiologist.
    frame_to_lps : numpy.ndarray or None
        Affine, 4 x 4, from the average head's coordinates (:mod:`.frame`, mm) to LPS, mm: where
        the average head lies in this scan.
    """

    status: FaceStatus
    finder: str
    face: np.ndarray | None
    ears: np.ndarray | None
    brain: np.ndarray | None
    head: np.ndarray | None
    confidence: float
    reasons: tuple[str, ...] = ()
    frame_to_lps: np.ndarray | None = None


@dataclass(frozen=True)
class FaceReplacement:
    """New values for some voxels.

    Attributes
    ----------
    mask : numpy.ndarray
        Boolean, shape (K, J, I): the voxels that may change. Never touches the brain.
    stored : numpy.ndarray
        Stored values, the volume's dtype and shape; equal to the original outside ``mask``.
    method : FaceMethod
        What was done.
    """

    mask: np.ndarray
    stored: np.ndarray
    method: FaceMethod
