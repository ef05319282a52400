"""Measuring, feature by feature, how far the skin has moved and what of it can still be seen."""

from __future__ import annotations

import numpy as np

from ..deface.grid import mapped
from ..deface.model import FaceFinding, FaceMethod
from ..dicom.model import Volume
from ..preview.surface import Transfer, skin_transfer
from .model import Doubt, FaceCheck, PartMoved, Verdict
from .outline import Outline, noise_grew, outlines
from .skin import Scan, edge, measured_values, sampled, solid
from .surfaces import Moved, least_moved, moved_at
from .words import doubts_of, sentences_of

#: The skin is looked for at the level of the pictures and a little above it (distance from air,
#: times), and at lower ones where the original's skin is as plain there: a face that was only
#: dimmed shows at those.
LEVELS, LOWER_LEVELS = (1.0, 1.3), (0.15, 0.3, 0.6)
#: A lower level is so many standard deviations of the air's noise above the air.
AIR_NOISES = 4.0
#: The grid the skin is looked for on, as fine as the scan between these, and the smoothing, mm.
FINEST_MM, COARSEST_MM, SMOOTHING_MM = 1.5, 2.0, 1.0
#: Around face and ears, mm: how far new skin is looked for.
AROUND_MM = 18.0
#: Brow's upper end in the head's frame, mm: above it the new skin runs into the old, which stays.
BROW_Z = 20.0
#: A feature of which more than this share is where it was, and whose median moved less than this,
#: has hardly changed. For an average face nearness says little: it lies close to every face.
NEAR_MOST, MEDIAN_LEAST_MM = 0.80, 1.5
NEAR_MOST_REFACED, MEDIAN_LEAST_REFACED_MM = 0.90, 0.8
#: At a lower level all of a dimmed skin shifts by up to a voxel, so its median says nothing; new
#: skin lies this near the old one in less than three quarters of any feature.
LOWER_MOST, LOWER_MOST_REFACED = 0.80, 0.85
#: A feature is doubtful with more than this share of its outline where it was: on 42 heads,
#: three keys of smooth and one of each other method, those replaced had two thirds there at most.
#: Nearly all of an unchanged face is, of a dimmed or inverted one at least that of some features.
OUTLINE_MOST = 0.75
#: Noise that grew this many times hides something: no method adds any. Beneath it an outline is
#: made out from this t on, and where it is displaced over the feature by this at most, mm.
NOISE_GREW, SURE, NOISE_NEAR_MM = 1.5, 5.0, 2.0


def check_face(
    volume: Volume, after: np.ndarray, finding: FaceFinding, method: FaceMethod
) -> FaceCheck | None:
    """Compare the face before and after, feature by feature.

    Parameters
    ----------
    volume : Volume
        The original.
    after : numpy.ndarray
        New stored values, (K, J, I).
    finding : FaceFinding
        Where face and ears were, and the head's frame.
    method : FaceMethod
        How the face was replaced.

    Returns
    -------
    FaceCheck or None
        None where the finding has no frame, or no feature's skin is in view.
    """
    if finding.face is None or finding.ears is None or finding.frame_to_lps is None:
        return None
    region = finding.face | finding.ears
    if not region.any():
        return None
    spacing = float(np.clip(np.median(volume.spacing), FINEST_MM, COARSEST_MM))
    scan = sampled(volume, after, region, spacing, AROUND_MM, SMOOTHING_MM)
    transfer = skin_transfer(measured_values(volume), volume.modality)
    features = _features(scan, volume, finding)
    body = solid(scan.before, transfer.level)
    skin = edge(body)
    shown = least_moved([moved_at(scan, _level(transfer, at), features) for at in LEVELS])
    lower = least_moved(
        [moved_at(scan, at, features, skin) for at in _lower_levels(scan, body, transfer.level)]
    )
    seen = outlines(scan, body, features)
    noisy = noise_grew(scan, body, features) > NOISE_GREW
    parts = tuple(
        PartMoved(
            name,
            moved.median_mm,
            moved.near,
            seen[name].near if name in seen else None,
            _doubt(moved, lower.get(name), seen.get(name), noisy, method),
        )
        for name, moved in shown.items()
    )
    if not parts:
        return None
    doubts = doubts_of(parts)
    verdict: Verdict = "doubtful" if doubts else "changed"
    return FaceCheck(parts, verdict, sentences_of(parts, doubts, method), doubts)


def _level(transfer: Transfer, at: float) -> float:
    return transfer.air + at * (transfer.level - transfer.air)


def _lower_levels(scan: Scan, body: np.ndarray, level: float) -> list[float]:
    """Return the lower levels that the noise of the air before the face does not reach."""
    air = scan.air_off(body)
    if not air.size:
        return []
    dark = float(np.median(air))
    noise = 1.4826 * float(np.median(np.abs(air - dark)))
    levels = (dark + at * (level - dark) for at in LOWER_LEVELS)
    return [at for at in levels if at > dark + AIR_NOISES * noise]


def _doubt(
    shown: Moved, lower: Moved | None, seen: Outline | None, noisy: bool, method: FaceMethod
) -> Doubt | None:
    """Say why a feature may still be recognised, the plainest reason first."""
    if _hardly(shown, method):
        return "unmoved"
    lower_most = LOWER_MOST_REFACED if method == "reface" else LOWER_MOST
    is_there = seen is not None and seen.near > OUTLINE_MOST
    if seen is not None and is_there and seen.inverted:
        return "inverted"
    if lower is not None and lower.near > lower_most:
        return "dimmed"
    if seen is not None and noisy and seen.sure > SURE and seen.overall_mm <= NOISE_NEAR_MM:
        return "noise"
    return "faint" if is_there else None


def _hardly(moved: Moved, method: FaceMethod) -> bool:
    """Say whether a feature's skin has hardly moved."""
    if method == "reface":
        return moved.near > NEAR_MOST_REFACED and moved.median_mm < MEDIAN_LEAST_REFACED_MM
    return moved.near > NEAR_MOST and moved.median_mm < MEDIAN_LEAST_MM


def _features(scan: Scan, volume: Volume, finding: FaceFinding) -> dict[str, np.ndarray]:
    """Return where on the grid the skin of each feature is to be found."""
    assert finding.face is not None and finding.ears is not None
    assert finding.frame_to_lps is not None
    face, ears = (scan.mask(mask, volume) for mask in (finding.face, finding.ears))
    to_frame = np.linalg.inv(finding.frame_to_lps).astype(np.float32)
    x, y, z = np.moveaxis(mapped(to_frame, scan.grid.points()), -1, 0)
    face &= z < BROW_Z
    front = face & (y < 40.0)
    nose = front & (abs(x) < 20.0) & (z < -2.0) & (z > -52.0)
    eyes = front & (abs(x) < 55.0) & (z > -14.0) & ~nose
    mouth = front & (abs(x) < 38.0) & (z <= -52.0)
    return {
        "eyes": eyes,
        "nose": nose,
        "mouth": mouth,
        "cheeks": face & ~nose & ~eyes & ~mouth,
        "left ear": ears & (x > 0),
        "right ear": ears & (x <= 0),
    }
