"""Whether it is a brain, and whether the numbers can be those of one."""

from __future__ import annotations

import numpy as np

from ...dicom.model import Volume
from ...errors import InputError
from .align import Alignment
from .atlas import CLASSES, CSF, GREY, WHITE
from .clean import Masks
from .tissues import Mixture

#: How far an adult's or child's head may differ from the atlas along any axis.
SCALES = (0.70, 1.35)
#: The intracranial volume of adults, mL, with room for the extremes.
INTRACRANIAL_ML = (900.0, 2000.0)
#: Less than this is no brain.
LEAST_ML = 100.0
#: Mutual information (times the root of the share seen) of the atlas and the image. Heads of any
#: contrast reached 0.17 to 0.8, noise and bodies that are no head up to 0.06.
LEAST_LIKENESS = 0.1
#: How far the means of the brain's tissues on MR lie apart, in standard deviations: heads 1.4 to
#: 5, a ball of one tissue 0.1.
LEAST_CONTRAST = 0.6


def check_alignment(alignment: Alignment) -> None:
    """Refuse an alignment that no head can have.

    Raises
    ------
    InputError
        With one sentence.
    """
    if alignment.score < LEAST_LIKENESS:
        raise InputError("no brain was found in the images: nothing in them resembles a head")
    scales = np.linalg.svd(alignment.matrix[:3, :3], compute_uv=False)
    if scales.min() < SCALES[0] or scales.max() > SCALES[1]:
        raise InputError("no brain was found in the images: no head of a plausible size")


def check_contrast(mixture: Mixture) -> None:
    """Refuse an MR image in which grey matter, white matter and CSF look the same.

    Raises
    ------
    InputError
        With one sentence.
    """
    for one, other in ((GREY, WHITE), (CSF, GREY)):
        apart = abs(mixture.class_mean(one) - mixture.class_mean(other))
        spread = np.hypot(mixture.class_spread(one), mixture.class_spread(other)) / np.sqrt(2)
        if apart < LEAST_CONTRAST * spread:
            raise InputError(
                f"no brain was found in the images: {CLASSES[one]} and {CLASSES[other]} tissue"
                " look the same in them"
            )


def check_masks(masks: Masks, volume: Volume) -> list[str]:
    """Return warnings about implausible numbers.

    Raises
    ------
    InputError
        When there is no brain at all.
    """
    voxel = float(np.abs(np.linalg.det(volume.ijk_to_lps[:3, :3]))) / 1000
    cavity, brain = masks.cavity.sum() * voxel, masks.brain.sum() * voxel
    if brain < LEAST_ML:
        raise InputError("no brain was found in the images: too little that looks like one")
    warnings = []
    cut = cut_share(masks.cavity)
    if cut:
        warnings.append(
            f"Warning: the field of view cuts through the skull cavity ({cut:.0%} of its surface"
            " lies on the image's edge); the volumes are those of the imaged part only."
        )
    if not INTRACRANIAL_ML[0] <= cavity <= INTRACRANIAL_ML[1]:
        warnings.append(
            f"Warning: the intracranial volume of {cavity:.0f} mL lies outside the plausible range"
            f" of {INTRACRANIAL_ML[0]:.0f} to {INTRACRANIAL_ML[1]:.0f} mL."
        )
    share = brain / max(cavity, 1e-6)
    if not 0.55 <= share <= 0.97:
        warnings.append(
            f"Warning: brain tissue fills {share:.0%} of the skull cavity; 55 % to 97 % is"
            " plausible."
        )
    return warnings


def cut_share(mask: np.ndarray, least: float = 0.01) -> float:
    """Return the share of a mask's surface voxels that lie on the image's edge; 0 below 1 %."""
    from scipy import ndimage

    surface = mask & ~ndimage.binary_erosion(mask, border_value=0)
    edge = np.zeros_like(mask)
    for axis in range(3):
        for end in (0, -1):
            where: list[slice | int] = [slice(None)] * 3
            where[axis] = end
            edge[tuple(where)] = True
    share = float((surface & edge).sum() / max(surface.sum(), 1))
    return share if share >= least else 0.0
