"""From a volume of a head to brain, tissues and what can be said about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...dicom.model import Volume
from ...errors import InputError
from ...progress import Progress, part
from ..graph import compute
from . import stages
from .align import CROWN_ABOVE_MM, Alignment
from .atlas import LOOKS
from .clean import Masks, cavity_from_classes, masks_from_classes
from .ct import hounsfield, split_by_window
from .quality import check_alignment, check_contrast, check_masks

#: Slices that one task names; 20 to 40 keep two to eight cores busy on a usual head.
SLAB = 24
HALO = 2

METHOD = {
    "MR": (
        "Method: bias correction (N4, then by tissue); an atlas averaged from 16 public label maps"
        " laid on the head by mutual information and demons; Gaussian mixture with atlas priors"
        " and a Markov random field. Brain is grey and white matter including cerebellum and brain"
        " stem; CSF is all fluid inside the skull; the intracranial volume is both together."
    ),
    "CT": (
        "Method: an atlas averaged from 16 public label maps laid on the head by mutual"
        " information; the skull cavity by a Gaussian mixture with atlas priors; brain and CSF"
        " inside it by Hounsfield windows (CSF more than 14 HU below the brain's own peak, brain"
        " from there to 90 HU)."
        " CSF thinner than the voxels counts as brain. Haemorrhage, calcification and contrast are"
        " not told apart."
    ),
}
ESTIMATE = (
    "Automatic estimate by classical image analysis; not checked by a person and not for diagnosis."
)


@dataclass(frozen=True)
class Outcome:
    """What was found: the masks, and what a reader must know, one sentence or two each."""

    masks: Masks
    modality: str
    remarks: tuple[str, ...]


def segment_brain(volume: Volume, progress: Progress) -> Outcome:
    """Outline the brain and its tissues.

    Parameters
    ----------
    volume : Volume
        MR or CT of a head, any geometry and contrast.
    progress : Progress
        Told how far it is; raises Cancelled to stop.

    Returns
    -------
    Outcome
        Masks on the volume's own voxels.

    Raises
    ------
    InputError
        When no brain is found: the sentence says so, and no numbers are given.
    """
    from dask import delayed

    modality = volume.modality
    values, remark = volume.values(), None
    if modality == "CT":
        values, remark = hounsfield(values)
    prepared = one(
        delayed(stages.prepare)(values, replace_pixels(volume)),
        part(progress, 0.0, 0.25),
        "evening out the brightness",
    )
    if not prepared.head.any():
        raise InputError("no brain was found in the images: there is no solid body in them")
    best = lay_atlas(prepared, modality, progress)
    check_alignment(best)
    model: stages.Model = one(
        delayed(stages.model_tissues)(prepared, best, modality),
        part(progress, 0.45, 0.7),
        "learning the tissues",
    )
    box = stages.atlas_box(model, volume)
    affine = volume.ijk_to_lps.copy()
    affine[:3, 3] += affine[:3, :3] @ [box[2].start, box[1].start, box[0].start]
    near = values[box]
    shading = (prepared.field, prepared.field_grid)
    model = one(
        delayed(stages.sharpen)(model, near, affine, *shading),
        part(progress, 0.7, 0.75),
        "learning the tissues",
    )
    if modality == "MR":
        check_contrast(model.mixture)
    slabs = [
        delayed(stages.name_slab)(
            near[max(0, k - HALO) : k + SLAB + HALO],
            k,
            min(k + SLAB, len(near)),
            affine,
            model,
            *shading,
            HALO,
        )
        for k in range(0, len(near), SLAB)
    ]
    named = np.concatenate(compute(slabs, part(progress, 0.75, 0.85), "naming every voxel"))
    masks = one(
        delayed(clean_masks)(named, near, volume.spacing, modality),
        part(progress, 0.85, 1.0),
        "cleaning the outlines",
    )
    masks = uncropped(masks, box, volume.stored.shape)
    remarks = [ESTIMATE, METHOD[modality], *check_masks(masks, volume)]
    if remark:
        remarks.append(remark)
    return Outcome(masks, modality, tuple(remarks))


def lay_atlas(prepared: stages.Prepared, modality: str, progress: Progress) -> Alignment:
    """Lay the atlas on the head: from every start, then the best of each look more closely.

    Which look is the right one shows only then: before that an upside-down contrast laid askew may
    explain the image a little better.
    """
    from dask import delayed

    starts = [
        delayed(stages.align)(prepared, modality, levels, above)
        for levels in LOOKS[modality]
        for above in CROWN_ABOVE_MM[modality]
    ]
    message = "laying the atlas on the head"
    fits: list[stages.Fit] = compute(starts, part(progress, 0.25, 0.4), message)
    each = len(CROWN_ABOVE_MM[modality])
    looks = [fits[first : first + each] for first in range(0, len(fits), each)]
    closer: list[stages.Fit] = compute(
        [delayed(stages.polish)(prepared, max(own, key=likelihood)) for own in looks],
        part(progress, 0.4, 0.45),
        message,
    )
    return max(closer, key=likelihood).alignment


def likelihood(fit: stages.Fit) -> float:
    """Return how well a fit explains the image."""
    return fit.likelihood


def uncropped(masks: Masks, box: tuple[slice, ...], shape: tuple[int, ...]) -> Masks:
    """Return masks of the box as masks of the whole volume."""

    def whole(mask: np.ndarray) -> np.ndarray:
        full = np.zeros(shape, bool)
        full[box] = mask
        return full

    return Masks(
        whole(masks.brain),
        whole(masks.cavity),
        whole(masks.csf),
        None if masks.grey is None else whole(masks.grey),
        None if masks.white is None else whole(masks.white),
    )


def replace_pixels(volume: Volume) -> Volume:
    """Return the volume with an empty stand-in for its pixels, small enough to send to a worker."""
    shape = volume.stored.shape
    return replace(volume, stored=np.broadcast_to(np.zeros((), volume.stored.dtype), shape))


def one(task: Any, progress: Progress, message: str) -> Any:
    """Compute a single task."""
    return compute([task], progress, message)[0]


def clean_masks(
    named: np.ndarray, values: np.ndarray, spacing: tuple[float, float, float], modality: str
) -> Masks:
    """Return the clean masks of either modality."""
    if modality == "CT":
        return split_by_window(values, cavity_from_classes(named, spacing), spacing)
    return masks_from_classes(named, spacing)
