"""Finding the face: the interface that every finder fills, and the classical one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..dicom.model import Volume
from ..progress import Progress, part, silent
from .atlas import HeadAtlas, head_atlas, moved
from .brain import brain_mask
from .frame import HeadFrame, head_frame
from .grid import Grid, mapped, mask_to_voxels
from .locate import locate
from .model import FaceFinding
from .region import depth_below, ears_of, face_of
from .register import Fit
from .scan import CoarseScan, coarse_scan, working_values
from .verdict import Evidence, judge, too_thin

COARSE_MM, FINE_MM = 4.0, 2.0


class FaceFinder(Protocol):
    """Whatever can say where the face is."""

    #: As the report shows it.
    name: str

    def find(self, volume: Volume, progress: Progress = silent) -> FaceFinding:
        """Return where face, ears, brain and head are, or why there is none."""
        ...


@dataclass(frozen=True)
class Regions:
    """The rule's result on a fine local grid."""

    grid: Grid
    face: np.ndarray
    ears: np.ndarray
    brain: np.ndarray
    head: np.ndarray


class AtlasFinder:
    """Registers an average head and applies the face's rule in its frame."""

    name = "atlas registration (classical)"

    def find(self, volume: Volume, progress: Progress = silent) -> FaceFinding:
        """Find the face; see :func:`Clinic2CloudLib.deface.find_face`."""
        reason = too_thin(volume)
        if reason:
            return FaceFinding("no_head", self.name, None, None, None, None, 0.9, (reason,))
        atlas = head_atlas()
        values = working_values(volume)
        progress(0.02, "Sampling the scan")
        scan = coarse_scan(values, volume, COARSE_MM)
        found = locate(atlas, scan, volume.modality, part(progress, 0.1, 0.6))
        if found is None:
            return FaceFinding(
                "no_head",
                self.name,
                None,
                None,
                None,
                None,
                0.9,
                ("Nothing in the scan has the outline of a head.",),
            )
        fit, correlation = found
        frame = frame_of(atlas, fit.matrix)
        progress(0.6, "Drawing the face")
        fine = coarse_scan(values, volume, FINE_MM, scan.threshold, head_box(atlas, fit.matrix))
        regions = regions_of(atlas, fit, frame, fine, volume.modality)
        evidence = Evidence.gather(atlas, fit, correlation, frame, scan, regions, volume.modality)
        status, confidence, reasons = judge(evidence)
        if status in ("no_head",):
            return FaceFinding(status, self.name, None, None, None, None, confidence, reasons)
        progress(0.8, "Bringing the face to the scan's own grid")
        face, ears, brain, head = (
            to_volume(mask, regions.grid, volume)
            for mask in (regions.face, regions.ears, regions.brain, regions.head)
        )
        progress(1.0, "Face found")
        return FaceFinding(
            status,
            self.name,
            face & ~brain,
            ears & ~brain,
            brain,
            head,
            confidence,
            reasons,
            fit.matrix,
        )


def frame_of(atlas: HeadAtlas, matrix: np.ndarray) -> HeadFrame:
    """Return the head's frame from the atlas's landmarks, moved to the scan."""
    left, right, stem = mapped(matrix, atlas.landmarks)
    return head_frame(left, right, stem)


def head_box(atlas: HeadAtlas, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the LPS corners of the box around the moved atlas."""
    lps = mapped(matrix, atlas.grid.corners())
    return lps.min(0), lps.max(0)


def regions_of(
    atlas: HeadAtlas, fit: Fit, frame: HeadFrame, scan: CoarseScan, modality: str
) -> Regions:
    """Apply the rule to the scan's own outline, and keep the brain out."""
    # The outline alone would lack the pinnae, and a nose's tip in a weak signal.
    head = scan.outline | (scan.body & scan.valid)
    depth = depth_below(head | ~scan.valid, scan.grid.spacing)
    prior = moved(atlas, "brain", fit.matrix, scan.grid)
    brain = brain_mask(prior, scan.values, depth, frame, scan.grid, modality) & head
    face = face_of(head, depth, frame, scan.grid) & ~brain
    ears = ears_of(head | ~scan.valid, frame, scan.grid) & head & ~brain & ~face
    return Regions(scan.grid, face, ears, brain, head)


def to_volume(mask: np.ndarray, grid: Grid, volume: Volume) -> np.ndarray:
    """Bring a mask from an isotropic grid to the volume's own voxels, boolean (K, J, I)."""
    return mask_to_voxels(mask, grid, volume.stored.shape, volume.ijk_to_lps)
