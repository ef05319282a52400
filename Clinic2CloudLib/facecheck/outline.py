"""Whether the old skin's outline can still be made out: faint, inverted or under noise.

Along the old skin's normals the slope of the brightness is compared with the original's, patch by
patch: where it fits best tells where the outline lies now. Neither its strength nor its sign is
looked at, so a face that windowing, inverting or smoothing would bring back is found, which no
surface of one level shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skin import Scan, edge

#: Slopes are taken at this smoothing, mm, and averaged over patches of skin of this width, mm:
#: together they take noise away along the skin without taking the outline away across it.
SMOOTHING_MM, PATCH_MM = 2.0, 12.0
#: Of the profiles across the skin, in steps of 1 mm: what is compared, to either side of the skin,
#: and how far it is displaced.
HALF, FAR = 5, 7
#: Normals are those of the body smoothed by this, mm.
NORMALS_MM = 3.0
#: An outline displaced by this or less is where it was, mm. Chance alone puts a fifth there.
NEAR_MM = 1.5
#: Fewer voxels of skin are no patch, fewer patches no feature.
FEWEST_IN_PATCH, FEWEST_PATCHES = 5, 4
#: Below this share of its usual strength a slope counts as flat.
FLAT = 0.05
#: Noise is what this smoothing takes away, mm, so near the old skin, mm.
NOISE_MM, NOISE_NEAR_MM = 2.0, 8.0


@dataclass(frozen=True)
class Outline:
    """The outline of one feature, looked for in the result.

    Attributes
    ----------
    near : float
        Share of the old skin whose outline is where it was.
    median_mm : float
        Median displacement along the old normals.
    overall_mm : float
        Displacement of the feature as a whole, which noise hides last.
    inverted : bool
        Bright and dark are exchanged in most of it.
    sure : float
        How far the outline at the old place, over the whole feature, stands out of what differs
        from patch to patch: Student's t.
    """

    near: float
    median_mm: float
    overall_mm: float
    inverted: bool
    sure: float


@dataclass(frozen=True)
class _Skin:
    """The old skin's voxels: where they are, z y x in voxels, their outward normals, features."""

    places: np.ndarray
    normals: np.ndarray
    feature: np.ndarray


def outlines(scan: Scan, body: np.ndarray, features: dict[str, np.ndarray]) -> dict[str, Outline]:
    """Look for the old outline of every feature.

    Parameters
    ----------
    scan : Scan
        Before and after.
    body : numpy.ndarray
        Boolean, on the scan's grid: the original's body at the skin's level.
    features : dict
        Where each feature's skin is to be found, boolean, on the scan's grid.
    """
    skin = _skin_of(scan, body, features)
    if not len(skin.places):
        return {}
    patch, size = _patches(skin, scan.grid.spacing)
    old = _slopes(scan.before, skin, patch, scan.grid.spacing)
    new = _slopes(scan.after, skin, patch, scan.grid.spacing)
    of_patch = np.zeros(len(size), int)
    of_patch[patch] = skin.feature
    fits = _fits(old, new)
    found = {}
    for number, name in enumerate(features):
        own = (of_patch == number) & (size >= FEWEST_IN_PATCH)
        if own.sum() >= FEWEST_PATCHES:
            found[name] = _outline(fits[own], _strength(new)[own], size[own])
    return found


def noise_grew(scan: Scan, body: np.ndarray, features: dict[str, np.ndarray]) -> float:
    """Return how many times the original's noise the result has near the old skin."""
    from scipy import ndimage

    spacing = scan.grid.spacing
    reach = 2 * round(NOISE_NEAR_MM / spacing) + 1
    near = np.any(list(features.values()), axis=0)
    near &= ndimage.maximum_filter(body, reach) & ~ndimage.minimum_filter(body, reach)
    if not near.any():
        return 1.0
    before, after = (
        float(
            np.median(np.abs(v - ndimage.gaussian_filter(v, NOISE_MM / spacing, truncate=3))[near])
        )
        for v in (scan.before, scan.after)
    )
    return after / max(before, 1e-6)


def _skin_of(scan: Scan, body: np.ndarray, features: dict[str, np.ndarray]) -> _Skin:
    from scipy import ndimage

    feature = np.full(body.shape, -1, np.int8)
    for number, where in enumerate(features.values()):
        feature[where] = number
    places = np.argwhere(edge(body) & scan.inside & (feature >= 0))
    soft = ndimage.gaussian_filter(
        body.astype(np.float32), NORMALS_MM / scan.grid.spacing, truncate=3
    )
    normals = np.stack(
        [
            ndimage.map_coordinates(soft, (places - step).T, order=1, mode="nearest")
            - ndimage.map_coordinates(soft, (places + step).T, order=1, mode="nearest")
            for step in np.eye(3)
        ],
        axis=-1,
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    return _Skin(places, normals, feature[tuple(places.T)])


def _patches(skin: _Skin, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each voxel's patch, and how many voxels each patch has."""
    cubes = np.floor(skin.places * (spacing / PATCH_MM)).astype(int)
    keys = np.column_stack([skin.feature, cubes])
    _, patch, size = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    return patch.ravel(), size


def _slopes(values: np.ndarray, skin: _Skin, patch: np.ndarray, spacing: float) -> np.ndarray:
    """Return the mean slope across each patch's skin, from inside out, shape (patches, steps)."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(values, SMOOTHING_MM / spacing, truncate=3)
    reach = HALF + FAR + 1
    count = np.bincount(patch)
    profile = []
    for step in range(-reach, reach + 1):
        at = (skin.places + skin.normals * (step / spacing)).T
        sampled = ndimage.map_coordinates(smooth, at, order=1, mode="nearest")
        profile.append(np.bincount(patch, sampled) / count)
    along = np.stack(profile, axis=-1)
    return (along[:, 2:] - along[:, :-2]) / 2


def _windows(slopes: np.ndarray) -> np.ndarray:
    """Return the slopes around each displacement, shape (patches, displacements, steps)."""
    return np.lib.stride_tricks.sliding_window_view(slopes, 2 * HALF + 1, axis=1)


#: The skin itself counts most.
_TAPER = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * HALF + 3))[1:-1]


def _fits(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the old slopes' product with the new ones at each displacement."""
    wanted = _windows(old)[:, FAR] * _TAPER
    return np.einsum("ps,pds->pd", wanted, _windows(new))


def _strength(new: np.ndarray) -> np.ndarray:
    return np.asarray((_windows(new) ** 2) @ _TAPER)


def _outline(fits: np.ndarray, strength: np.ndarray, size: np.ndarray) -> Outline:
    """Summarise the patches of one feature, each by how much skin it has."""
    # What is strong elsewhere, bone or the border of what was changed, must not outshine the skin.
    relative = fits / np.sqrt(strength + FLAT * np.median(strength) + 1e-30)
    best = np.abs(relative).argmax(axis=1)
    moved = np.abs(best - FAR)
    near = moved <= NEAR_MM
    total = float(size.sum())
    at_old = fits[:, FAR]
    error = float(at_old.std()) / np.sqrt(len(at_old))
    sign = np.sign(fits[np.arange(len(best)), best])
    return Outline(
        near=float(size[near].sum() / total),
        median_mm=float(np.median(np.repeat(moved, size))),
        overall_mm=float(abs(np.abs(size @ fits).argmax() - FAR)),
        inverted=bool((sign * size * near).sum() < 0),
        sure=float(abs(at_old.mean()) / max(error, 1e-12)),
    )
