"""Whether what was found is a face: the checks that let a finder know when it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..dicom.model import Volume
from .atlas import HeadAtlas
from .frame import HeadFrame
from .model import FaceStatus
from .register import Fit, stretch_of
from .scan import CoarseScan

if TYPE_CHECKING:
    from .finder import Regions

#: A stack thinner than this, mm, holds no surface that a face could be rebuilt from.
THINNEST_MM = 45.0


def too_thin(volume: Volume) -> str:
    """Return why a stack cannot hold a head, or an empty text."""
    shape = np.array(volume.stored.shape[::-1])
    extent = shape * np.array(volume.spacing)
    if float(extent.min()) < THINNEST_MM:
        return f"The scan is a slab of {extent.min():.0f} mm: too thin to hold a face's surface."
    return ""


@dataclass(frozen=True)
class Evidence:
    """What the verdict rests on."""

    explained: float
    seen: float
    correlation: float
    size: float
    shape: float
    overlap: float
    face_ml: float
    expected_face_ml: float
    face_seen: float

    @staticmethod
    def gather(
        atlas: HeadAtlas,
        fit: Fit,
        correlation: float,
        frame: HeadFrame,
        scan: CoarseScan,
        regions: Regions,
        modality: str,
    ) -> Evidence:
        """Measure everything the verdict rests on."""
        from .finder import moved

        stretch = stretch_of(fit.matrix)
        size = float(np.trace(stretch) / 3)
        shape = float(np.abs(stretch / size - np.eye(3)).max())
        average = moved(atlas, "outline", fit.matrix, scan.grid)
        outline, reach = average > 0.5, average > 0.0
        face = moved(atlas, "face", fit.matrix, scan.grid)
        # Whether it is a head must not hang on its face, which may have been removed.
        apart = scan.valid & (face < 0.05)
        both = scan.outline & outline & apart
        either = (scan.outline & reach | outline) & apart
        whole = float((atlas.averages["face"] > 0.5).sum()) * atlas.grid.spacing**3 * size**3
        expected = float(((face > 0.5) & scan.valid).sum()) * scan.grid.spacing**3
        return Evidence(
            fit.explained,
            fit.seen,
            correlation,
            size,
            shape,
            float(both.sum()) / max(float(either.sum()), 1.0),
            float(regions.face.sum()) * regions.grid.spacing**3 / 1000.0,
            expected / 1000.0,
            expected / whole,
        )


#: Where each measure turns from plausible to doubtful, and from doubtful to not a head.
EXPLAINED_SURE, EXPLAINED_LEAST = 0.70, 0.50
OVERLAP_SURE, OVERLAP_LEAST = 0.80, 0.62
SIZE_SURE, SIZE_LEAST = (0.80, 1.25), (0.65, 1.40)
SHAPE_SURE = 0.12
#: Less of the face in the field of view than this share holds nothing to recognise.
FACE_SEEN_LEAST = 0.08
#: Face found against face expected from the average head.
FACE_REMOVED, FACE_SURE = 0.45, (0.65, 1.55)


def judge(e: Evidence) -> tuple[FaceStatus, float, tuple[str, ...]]:
    """Return status, confidence from 0 to 1, and the reasons.

    A head is refused when alignment, size or outline are far from any head's; it is held for a
    person when they are merely doubtful. The bounds were set on the training heads and CTs, whose
    measures lie well inside.
    """
    against = []
    if e.explained < EXPLAINED_LEAST:
        against.append("An average head explains too little of the scan.")
    if e.overlap < OVERLAP_LEAST:
        against.append("The outline is not that of a head.")
    if not SIZE_LEAST[0] <= e.size <= SIZE_LEAST[1]:
        against.append("What was found does not have the size of a head.")
    if against:
        return "no_head", 1.0 - max(min(e.explained, e.overlap), 0.0), tuple(against)
    confidence = float(np.clip(min(e.explained / 0.8, e.overlap / 0.88), 0.0, 1.0))
    doubts = []
    if e.explained < EXPLAINED_SURE:
        doubts.append("The average head fits this scan poorly.")
    if e.overlap < OVERLAP_SURE:
        doubts.append("The outline differs from an average head's more than heads do.")
    if not SIZE_SURE[0] <= e.size <= SIZE_SURE[1] or e.shape > SHAPE_SURE:
        doubts.append("The head's size or shape is unusual.")
    if doubts:
        return "uncertain", 0.5 * confidence, tuple(doubts)
    if e.face_seen < FACE_SEEN_LEAST:
        return "no_face", confidence, ("The field of view holds a head without a face.",)
    ratio = e.face_ml / max(e.expected_face_ml, 1e-6)
    if ratio < FACE_REMOVED:
        return (
            "already_removed",
            confidence,
            (f"Only {100 * ratio:.0f} % of an average face's volume is there.",),
        )
    if not FACE_SURE[0] <= ratio <= FACE_SURE[1]:
        return (
            "uncertain",
            0.5 * confidence,
            (f"The face has {100 * ratio:.0f} % of the volume expected of it.",),
        )
    return (
        "found",
        confidence,
        (
            f"An average head explains {100 * e.explained:.0f} % of the scan's contrast; the "
            f"outlines overlap by {100 * e.overlap:.0f} %.",
            f"{100 * min(e.face_seen, 1.0):.0f} % of the face is in the field of view.",
        ),
    )
