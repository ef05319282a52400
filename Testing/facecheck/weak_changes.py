"""What hides a face from a viewer and not from whoever turns the window or smooths."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from Clinic2CloudLib.deface import FaceFinding
from Clinic2CloudLib.dicom.model import Volume

AIR = {"CT": -1000.0, "MR": 0.0}
#: Soft tissue of the demo's heads.
TISSUE = {"CT": 40.0, "MR": 400.0}


def covered(volume: Volume, finding: FaceFinding, around_mm: float = 0.0) -> np.ndarray:
    """Face and ears, and so much of the air before them; none of the brain."""
    assert finding.face is not None and finding.ears is not None and finding.brain is not None
    region = (finding.face | finding.ears).astype(np.uint8)
    for axis, step in enumerate(reversed(volume.spacing)):
        reach = round(around_mm / step)
        if reach:
            region = ndimage.maximum_filter1d(region, 2 * reach + 1, axis=axis)
    return (region > 0) & ~finding.brain


def stored_as(volume: Volume, values: np.ndarray, where: np.ndarray) -> np.ndarray:
    kind = np.iinfo(volume.stored.dtype)
    new = np.clip(np.rint(values), kind.min, kind.max).astype(volume.stored.dtype)
    return np.where(where, new, volume.stored)


def scaled(volume: Volume, where: np.ndarray, gain: float, offset: float = 0.0) -> np.ndarray:
    """Contrast to air times ``gain``; ``offset`` in contrasts of tissue."""
    air, contrast = AIR[volume.modality], TISSUE[volume.modality] - AIR[volume.modality]
    values = air + gain * (volume.values() - air) + offset * contrast
    return stored_as(volume, values, where)


def inverted(volume: Volume, where: np.ndarray) -> np.ndarray:
    """Tissue as dark as air, air as bright as tissue."""
    return scaled(volume, where, -1.0, 1.0)


def under_noise(volume: Volume, where: np.ndarray, strength: float) -> np.ndarray:
    """Normal noise, ``strength`` contrasts of tissue, cut off where the modality has no values."""
    air, contrast = AIR[volume.modality], TISSUE[volume.modality] - AIR[volume.modality]
    noise = np.random.default_rng(7).standard_normal(volume.stored.shape) * strength * contrast
    values = volume.values() + noise
    return stored_as(volume, np.maximum(values, air) if volume.modality == "MR" else values, where)


def blurred(volume: Volume, where: np.ndarray, mm: float) -> np.ndarray:
    sigma = [mm / step for step in reversed(volume.spacing)]
    return stored_as(volume, ndimage.gaussian_filter(volume.values(), sigma), where)
