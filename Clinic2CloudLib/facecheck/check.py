"""Measuring how far each feature's skin has moved."""

from __future__ import annotations

import numpy as np

from ..deface.grid import mapped
from ..deface.model import FaceFinding, FaceMethod
from ..dicom.model import Volume
from ..preview.surface import Transfer, skin_transfer
from .model import FaceCheck, PartMoved, Verdict
from .skin import Scan, edge, sampled, solid
from .words import sentences_of

#: Skin counts as unmoved within this, mm: a surface of CT or MR is no better known.
NEAR_MM = 2.0
#: The skin is looked for at the level of the pictures and a little above it (distance from air,
#: times). A face dimmed below that level, or under noise, counts as moved: the check measures
#: surfaces as the pictures show them, and cannot see what windowing would bring back.
LEVELS = (1.0, 1.3)
#: A feature with fewer voxels of skin in view is not judged.
FEWEST_VOXELS = 60
#: The grid the skin is looked for on, as fine as the scan between these, and the smoothing, mm.
FINEST_MM, COARSEST_MM, SMOOTHING_MM = 1.5, 2.0, 1.0
#: Around face and ears, mm: how far new skin is looked for.
AROUND_MM = 18.0
#: A feature of which more than this share is where it was, and whose median moved less than this,
#: has hardly changed. For an average face nearness says little: it lies close to every face.
NEAR_MOST, MEDIAN_LEAST_MM = 0.80, 1.5
NEAR_MOST_REFACED, MEDIAN_LEAST_REFACED_MM = 0.90, 0.8


def check_face(
    volume: Volume, after: np.ndarray, finding: FaceFinding, method: FaceMethod
) -> FaceCheck | None:
    """Compare the skin before and after, feature by feature.

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
    transfer = skin_transfer(volume.values(), volume.modality)
    features = _features(scan, volume, finding)
    measured: dict[str, list[PartMoved]] = {}
    for level in LEVELS:
        own = Transfer(transfer.air + level * (transfer.level - transfer.air), transfer.air)
        for part in _at_level(scan, own, features):
            measured.setdefault(part.name, []).append(part)
    parts = tuple(_worst(found) for found in measured.values())
    if not parts:
        return None
    most, least = (
        (NEAR_MOST_REFACED, MEDIAN_LEAST_REFACED_MM)
        if method == "reface"
        else (NEAR_MOST, MEDIAN_LEAST_MM)
    )
    hardly = [part for part in parts if part.near > most and part.median_mm < least]
    verdict: Verdict = "doubtful" if hardly else "changed"
    return FaceCheck(parts, verdict, sentences_of(parts, hardly, method))


def _worst(found: list[PartMoved]) -> PartMoved:
    """Return the level at which a feature changed least."""
    return max(found, key=lambda part: (part.near, -part.median_mm))


def _at_level(scan: Scan, transfer: Transfer, features: dict[str, np.ndarray]) -> list[PartMoved]:
    """Measure every feature on the skin of one level."""
    from scipy import ndimage

    old = edge(solid(scan.before, transfer.level)) & scan.inside
    new = edge(solid(scan.after, transfer.level))
    if new.any():
        away = ndimage.distance_transform_edt(~new, sampling=scan.grid.spacing)
    else:
        away = np.full(old.shape, 100.0)  # no skin is left at all
    parts = []
    for name, where in features.items():
        own = away[old & where]
        if own.size >= FEWEST_VOXELS:
            parts.append(PartMoved(name, float(np.median(own)), float((own <= NEAR_MM).mean())))
    return parts


def _features(scan: Scan, volume: Volume, finding: FaceFinding) -> dict[str, np.ndarray]:
    """Return where on the grid the skin of each feature is to be found."""
    assert finding.face is not None and finding.ears is not None
    assert finding.frame_to_lps is not None
    face, ears = (scan.mask(mask, volume) for mask in (finding.face, finding.ears))
    to_frame = np.linalg.inv(finding.frame_to_lps).astype(np.float32)
    x, y, z = np.moveaxis(mapped(to_frame, scan.grid.points()), -1, 0)
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
