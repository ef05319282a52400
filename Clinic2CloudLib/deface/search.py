"""Where the head may be: a search over all shifts at once, for some tilts and sizes.

The normalised cross-correlation of the atlas's outline with the scan's body is computed for every
shift by Fourier transforms, with both fields of view as masks (Padfield, IEEE Trans. Image Process.
21, 2012), so that a cut vertex, a cut face or shoulders do not mislead it.
"""

from __future__ import annotations

import numpy as np

from .atlas import HeadAtlas

SEARCH_SPACING_MM = 8.0
PITCHES = (-40.0, -25.0, -10.0, 5.0, 20.0, 35.0)
LEAST_OVERLAP = 0.35


def rotation_x(degrees: float) -> np.ndarray:
    """Return the rotation about the left-right axis; positive tips the face upwards (LPS)."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])


def candidates(
    atlas: HeadAtlas,
    body: np.ndarray,
    valid: np.ndarray,
    origin: np.ndarray,
    count: int,
    spacing: float = SEARCH_SPACING_MM,
) -> list[tuple[float, np.ndarray]]:
    """Return the most likely placements, best first.

    Parameters
    ----------
    atlas : HeadAtlas
        The atlas.
    body, valid : numpy.ndarray
        The scan's body and field of view on a grid of ``spacing`` mm along LPS.
    origin : numpy.ndarray
        Of that grid, LPS mm.
    count : int
        How many to return.

    Returns
    -------
    list of (float, numpy.ndarray)
        Correlation and 4 x 4 matrix from atlas to LPS.
    """
    found: list[tuple[float, np.ndarray]] = []
    for pitch in PITCHES:
        turn = rotation_x(pitch)
        template, mask, start = _turned(atlas, turn, spacing)
        scores = _masked_correlation(body, valid, template, mask)
        for score, shift in _peaks(scores, 2, 3):
            first = np.array(shift[::-1]) - (np.array(template.shape[::-1]) - 1)
            corner = origin + spacing * first
            matrix = np.eye(4)
            matrix[:3, :3] = turn
            matrix[:3, 3] = corner - start
            found.append((score, matrix))
    found.sort(key=lambda f: -f[0])
    return found[:count]


def _turned(
    atlas: HeadAtlas, turn: np.ndarray, spacing: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outline and coverage of the turned atlas on a coarse grid, and that grid's origin."""
    from scipy import ndimage

    corners = np.array(
        [
            atlas.grid.origin + atlas.grid.spacing * np.array([i, j, k])
            for i in (0, atlas.grid.shape[2] - 1)
            for j in (0, atlas.grid.shape[1] - 1)
            for k in (0, atlas.grid.shape[0] - 1)
        ]
    )
    turned = corners @ turn.T
    low, high = turned.min(0), turned.max(0)
    counts = np.ceil((high - low) / spacing).astype(int) + 1
    z, y, x = np.meshgrid(*(np.arange(c) for c in counts[::-1]), indexing="ij")
    lps = low + spacing * np.stack([x, y, z], -1)
    own = (lps @ turn - atlas.grid.origin) / atlas.grid.spacing
    at = np.moveaxis(own[..., ::-1], -1, 0)
    outline = ndimage.map_coordinates(atlas.averages["outline"], at, order=1, mode="nearest")
    cover = ndimage.map_coordinates(atlas.cover.astype(np.float32), at, order=1, cval=0.0)
    return outline, (cover > 3).astype(np.float64), low


def _masked_correlation(
    image: np.ndarray, image_mask: np.ndarray, template: np.ndarray, template_mask: np.ndarray
) -> np.ndarray:
    """Masked cross-correlation; element s is the score of shift s - template size + 1."""
    from scipy import fft

    shape = tuple(
        fft.next_fast_len(a + b - 1, True) for a, b in zip(image.shape, template.shape, strict=True)
    )
    full = tuple(slice(0, a + b - 1) for a, b in zip(image.shape, template.shape, strict=True))

    def forward(a: np.ndarray) -> np.ndarray:
        return fft.rfftn(a.astype(np.float64), shape)

    flipped, flipped_mask = (np.flip(a) for a in (template * template_mask, template_mask))
    f, m = forward(image * image_mask), forward(image_mask)
    f2 = forward(image * image * image_mask)
    t, n, t2 = forward(flipped), forward(flipped_mask), forward(flipped * flipped)

    def back(a: np.ndarray) -> np.ndarray:
        return np.asarray(fft.irfftn(a, shape))[full]

    overlap = np.maximum(np.round(back(m * n)), 1.0)
    sum_f, sum_t = back(f * n), back(m * t)
    top = back(f * t) - sum_f * sum_t / overlap
    var_f = np.maximum(back(f2 * n) - sum_f**2 / overlap, 0)
    var_t = np.maximum(back(m * t2) - sum_t**2 / overlap, 0)
    bottom = np.sqrt(var_f * var_t)
    # The template's head must be in view and must be where the scan has a body.
    enough = (sum_t >= LEAST_OVERLAP * template.sum()) & (bottom > 1e-3 * bottom.max())
    return np.where(enough, top / np.maximum(bottom, 1e-9), -1.0)


def _peaks(scores: np.ndarray, count: int, apart: int) -> list[tuple[float, tuple[int, ...]]]:
    """Return the highest scores and their places, at least ``apart`` voxels from each other."""
    scores = scores.copy()
    peaks = []
    for _ in range(count):
        place = np.unravel_index(int(scores.argmax()), scores.shape)
        best = float(scores[place])
        if best <= -1.0:
            break
        peaks.append((best, tuple(int(p) for p in place)))
        around = tuple(slice(max(int(p) - apart, 0), int(p) + apart + 1) for p in place)
        scores[around] = -1.0
    return peaks
