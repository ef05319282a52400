"""How far the skin moved, as surfaces of one level show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skin import Scan, edge, solid

#: Skin counts as unmoved within this, mm: a surface of CT or MR is no better known.
NEAR_MM = 2.0
#: A feature with fewer voxels of skin in view is not judged.
FEWEST_VOXELS = 60
#: A lower level's surface in the original is skin within this of the skin proper, mm: voxels that
#: are half air put it further out. Where less than this share of it is, it is background noise, a
#: pad or a pillow, and says nothing.
AGREES_MM, AGREES_MOST = 4.0, 0.8
#: So many voxels of the old skin are measured at most, spread evenly.
MOST_VOXELS = 10_000
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
        Boolean: the original's skin. Only what lies close to it is measured then, and only in
        features where nearly all of the level's surface does.
    """
    from scipy.spatial import cKDTree

    spacing = scan.grid.spacing
    old = np.argwhere(_within(edge(solid(scan.before, level)) & scan.inside, features))
    new = np.argwhere(edge(solid(scan.after, level)))
    share = max(1, len(old) // MOST_VOXELS)
    old = old[::share]
    is_skin = np.ones(len(old), bool)
    if skin is not None and len(old):
        apart, _ = cKDTree(np.argwhere(skin)).query(old, distance_upper_bound=AGREES_MM / spacing)
        is_skin = np.isfinite(apart)
    away = np.full(len(old), GONE_MM)
    if len(new) and len(old):
        away = spacing * cKDTree(new).query(old)[0]
    moved = {}
    for name, where in features.items():
        own = where[tuple(old.T)]
        measured = own & is_skin
        if measured.sum() >= max(FEWEST_VOXELS / share, AGREES_MOST * own.sum()):
            moved[name] = Moved(
                float(np.median(away[measured])), float((away[measured] <= NEAR_MM).mean())
            )
    return moved


def _within(skin: np.ndarray, features: dict[str, np.ndarray]) -> np.ndarray:
    return skin & np.any(list(features.values()), axis=0)


def least_moved(found: list[dict[str, Moved]]) -> dict[str, Moved]:
    """Return for each feature the level at which it changed least."""
    least: dict[str, Moved] = {}
    for name, moved in (item for level in found for item in level.items()):
        if name not in least or (moved.near, -moved.median_mm) > _order(least[name]):
            least[name] = moved
    return least


def _order(moved: Moved) -> tuple[float, float]:
    return moved.near, -moved.median_mm
