"""Measuring how far each feature's skin has moved."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..deface.model import FaceFinding, FaceMethod
from ..dicom.model import Volume
from ..preview.render import surface_points
from ..preview.surface import Resampled, Transfer, resample, skin_surface, skin_transfer
from .model import FaceCheck, PartMoved, Verdict
from .words import sentences_of

#: Skin counts as unmoved within this, mm: a surface of CT or MR is no better known.
NEAR_MM = 2.0
#: Besides the level of the pictures the skin is looked for this far from air to it, times: a face
#: that hides in noise or under a veil shows at another level.
LEVELS = (1.0, 1.8)
#: A feature with fewer points of skin in view is not judged.
FEWEST_POINTS = 60
#: So many points a feature are enough for its median and its share.
MOST_POINTS = 4000
#: A feature of which more than this share is where it was, and whose median moved less than this,
#: has hardly changed. For an average face nearness says little: it lies close to every face.
NEAR_MOST, MEDIAN_LEAST_MM = 0.80, 1.5
NEAR_MOST_REFACED, MEDIAN_LEAST_REFACED_MM = 0.90, 0.8

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


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
    before = resample(volume.values(), volume.ijk_to_ras)
    changed = resample(dataclasses.replace(volume, stored=after).values(), volume.ijk_to_ras)
    transfer = skin_transfer(before.values, volume.modality)
    measured: dict[str, list[PartMoved]] = {}
    for level in LEVELS:
        own = Transfer(transfer.air + level * (transfer.level - transfer.air), transfer.air)
        for part in _at_level(before, changed, own, volume, finding):
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


def _at_level(
    before: Resampled, after: Resampled, transfer: Transfer, volume: Volume, finding: FaceFinding
) -> list[PartMoved]:
    """Measure every feature on the skin of one level."""
    from scipy.spatial import cKDTree

    old, new = (_skin(resampled, transfer) for resampled in (before, after))
    if not len(new):
        return []
    features = _features(old, volume, finding)
    if not features:
        return []
    own = np.concatenate(list(features.values()))
    low, high = own.min(0) - 40.0, own.max(0) + 40.0
    tree = cKDTree(new[((new > low) & (new < high)).all(1)])
    parts = []
    for name, points in features.items():
        away, _ = tree.query(points[:: max(len(points) // MOST_POINTS, 1)])
        away = np.minimum(away, 100.0)  # (where no new skin is near at all)
        parts.append(PartMoved(name, float(np.median(away)), float((away <= NEAR_MM).mean())))
    return parts


def _skin(resampled: Resampled, transfer: Transfer) -> np.ndarray:
    """Return the points of the skin, LPS mm, shape (n, 3)."""
    points = surface_points(skin_surface(resampled, transfer), resampled.ijk_to_ras)
    return np.asarray(points * LPS_TO_RAS)


def _features(skin: np.ndarray, volume: Volume, finding: FaceFinding) -> dict[str, np.ndarray]:
    """Return the old skin's points of each feature that is in view."""
    assert finding.face is not None and finding.ears is not None
    assert finding.frame_to_lps is not None
    in_face, in_ears = (_near(skin, mask, volume) for mask in (finding.face, finding.ears))
    back = np.linalg.inv(finding.frame_to_lps)
    x, y, z = (skin @ back[:3, :3].T + back[:3, 3]).T
    front = in_face & (y < 40.0)
    nose = front & (abs(x) < 20.0) & (z < -2.0) & (z > -52.0)
    eyes = front & (abs(x) < 55.0) & (z > -14.0) & ~nose
    mouth = front & (abs(x) < 38.0) & (z <= -52.0)
    groups = {
        "eyes": eyes,
        "nose": nose,
        "mouth": mouth,
        "cheeks": in_face & ~nose & ~eyes & ~mouth,
        "left ear": in_ears & (x > 0),
        "right ear": in_ears & (x <= 0),
    }
    return {name: skin[group] for name, group in groups.items() if group.sum() >= FEWEST_POINTS}


def _near(points: np.ndarray, mask: np.ndarray, volume: Volume) -> np.ndarray:
    """Say which LPS points lie in a mask or beside it, and not where the scan itself ends."""
    from scipy import ndimage

    back = np.linalg.inv(volume.ijk_to_lps)
    index = np.rint(points @ back[:3, :3].T + back[:3, 3]).astype(int)
    size = np.array(mask.shape[::-1])
    inner = ((index > 0) & (index < size - 1)).all(1)
    i, j, k = np.clip(index, 0, size - 1).T
    grown = ndimage.maximum_filter(mask.astype(np.uint8), 3)
    return np.asarray((grown[k, j, i] > 0) & inner)
