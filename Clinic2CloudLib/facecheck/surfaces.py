"""How far the skin moved, as surfaces of one level show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skin import Scan, crossings

#: Skin counts as unmoved within this, mm: a surface of CT or MR is no better known.
NEAR_MM = 2.0
#: A feature with fewer points of skin in view is not judged.
FEWEST_POINTS = 100
#: A lower level's surface runs along the skin where it lies about as far off it, mm, as in most of
#: the feature, and not too far: voxels that are half air put all of it further out. Where less than
#: this share does, it is background noise, a pad or a pillow, and says nothing.
ALONG_MM, FARTHEST_MM, ALONG_MOST = 2.0, 8.0, 0.8
#: So many points of the old skin are measured at most, spread evenly.
MOST_POINTS = 12_000
#: Farther than any face moves, mm: no skin is left at all.
GONE_MM = 100.0


@dataclass(frozen=True)
class Moved:
    """How the skin of one feature moved: the median, mm, and the share that lies where it was."""

    median_mm: float
    near: float


def moved_at(
    scan: Scan, level: float, features: dict[str, np.ndarray], skin: np.ndarray | None = None
) -> dict[str, Moved]:
    """Measure every feature on the surfaces of one level.

    Parameters
    ----------
    scan : Scan
        Before and after.
    level : float
        Modality values from here on are body.
    features : dict
        Where each feature's skin is to be found, boolean, on the scan's grid.
    skin : numpy.ndarray, optional
        Boolean: the original's skin. Only what runs along it is measured then, and only in features
        where nearly all of the level's surface does.
    """
    spacing = scan.grid.spacing
    old, voxels = crossings(scan.before, level)
    of_skin = (np.any(list(features.values()), axis=0) & scan.inside)[tuple(voxels.T)]
    share = max(1, int(of_skin.sum()) // MOST_POINTS)
    old, voxels = old[of_skin][::share], voxels[of_skin][::share]
    new, _ = crossings(scan.after, level)
    off_skin = np.zeros(len(old))
    if skin is not None:
        off_skin = _apart(old, np.argwhere(skin), spacing)
    away = _apart(old, new, spacing)
    moved = {}
    for name, where in features.items():
        own = where[tuple(voxels.T)]
        measured = own & _along(off_skin, own)
        if measured.sum() >= max(FEWEST_POINTS / share, ALONG_MOST * own.sum()):
            moved[name] = Moved(
                float(np.median(away[measured])), float((away[measured] <= NEAR_MM).mean())
            )
    return moved


def _apart(places: np.ndarray, others: np.ndarray, spacing: float) -> np.ndarray:
    """Return how far each place, in voxels, is from the nearest of others, mm."""
    from scipy.spatial import cKDTree

    if not len(others):
        return np.full(len(places), GONE_MM)
    # The tree is asked once: building it quickly counts more than asking it quickly.
    tree = cKDTree(others, balanced_tree=False, compact_nodes=False)
    return np.asarray(spacing * tree.query(places)[0])


def _along(off_skin: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Say which points of a surface lie as far off the skin as most of a feature's do."""
    usual = float(np.median(off_skin[own])) if own.any() else 0.0
    return (np.abs(off_skin - usual) <= ALONG_MM) & (off_skin <= FARTHEST_MM)


def least_moved(found: list[dict[str, Moved]]) -> dict[str, Moved]:
    """Return for each feature the level at which it changed least."""
    least: dict[str, Moved] = {}
    for name, moved in (item for level in found for item in level.items()):
        if name not in least or _order(moved) > _order(least[name]):
            least[name] = moved
    return least


def _order(moved: Moved) -> tuple[float, float]:
    return moved.near, -moved.median_mm
