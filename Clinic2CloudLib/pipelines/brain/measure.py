"""Segments and volumes of what was found, with their codes."""

from __future__ import annotations

import numpy as np

from ...dicom.model import Volume
from ..results.report import VolumeOf
from ..results.segmentation import Segment
from .segment import Outcome

_ANATOMY = ("123037004", "SCT", "Anatomical Structure")
_SUBSTANCE = ("91720002", "SCT", "Body Substance")
BRAIN = ("12738006", "SCT", "Brain")
GREY = ("389081007", "SCT", "Gray Matter")
WHITE = ("389080008", "SCT", "White Matter")
CSF = ("65216001", "SCT", "Cerebrospinal Fluid")
CAVITY = ("128319008", "SCT", "Intracranial structure")


def segments_of(outcome: Outcome) -> tuple[Segment, ...]:
    """Return the segments, in the order of their Segment Numbers."""
    masks = outcome.masks
    segments = [Segment("Brain", masks.brain, _ANATOMY, BRAIN, (230, 180, 160))]
    if masks.grey is not None and masks.white is not None:
        segments.append(Segment("Grey matter", masks.grey, _ANATOMY, GREY, (150, 150, 150)))
        segments.append(Segment("White matter", masks.white, _ANATOMY, WHITE, (245, 245, 230)))
    segments.append(Segment("Cerebrospinal fluid", masks.csf, _SUBSTANCE, CSF, (90, 160, 255)))
    segments.append(Segment("Intracranial volume", masks.cavity, _ANATOMY, CAVITY, (255, 210, 80)))
    return tuple(segments)


def volumes_of(segments: tuple[Segment, ...], volume: Volume) -> tuple[VolumeOf, ...]:
    """Return the volume of each segment: its voxels times the size of one."""
    voxel = float(np.abs(np.linalg.det(volume.ijk_to_lps[:3, :3]))) / 1000
    return tuple(
        VolumeOf(segment.label, segment.kind, float(segment.mask.sum()) * voxel, number)
        for number, segment in enumerate(segments, 1)
    )
