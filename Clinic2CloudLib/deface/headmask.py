"""The body's outline in a scan: largest connected object above the background, holes filled."""

from __future__ import annotations

import numpy as np

from .region import dilate, erode, opened

#: Skin against air on CT, HU (reference: DICOM CT values are HU; fat is about -100).
CT_SKIN_HU = -300.0


def object_threshold(values: np.ndarray, modality: str) -> float:
    """Return the value that parts the body from the background.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values on any grid, without padding.
    modality : str
        ``CT`` for a scan in HU.

    Notes
    -----
    CT is cut at -300 HU. For MR, Otsu's threshold (IEEE Trans. SMC 9, 1979) on the values' cube
    root, which keeps dark skin and fat-saturated scalp on the side of the body: the Rician
    background is far below both.
    """
    if modality == "CT":
        return CT_SKIN_HU
    return float(otsu(np.cbrt(np.maximum(values, 0.0))) ** 3)


def otsu(values: np.ndarray, bins: int = 256) -> float:
    """Return Otsu's threshold of the values (between-class variance at its maximum)."""
    high = float(np.percentile(values, 99.5))
    counts, edges = np.histogram(values, bins=bins, range=(float(values.min()), max(high, 1e-6)))
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts).astype(float)
    mean = np.cumsum(counts * centres)
    total, rest = mean[-1], weight[-1] - weight
    usable = (weight > 0) & (rest > 0)
    between = np.zeros(bins)
    between[usable] = (
        weight[usable]
        * rest[usable]
        * (mean[usable] / weight[usable] - (total - mean[usable]) / rest[usable]) ** 2
    )
    return float(edges[int(between.argmax()) + 1])


def largest_part(mask: np.ndarray) -> np.ndarray:
    """Return the largest connected component (faces touching) of a mask."""
    from scipy import ndimage

    parts, count = ndimage.label(mask)
    if count == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == int(sizes.argmax()))


def filled(mask: np.ndarray, spacing: float, closing: float) -> np.ndarray:
    """Fill cavities: close gaps of up to twice ``closing`` mm, then fill each plane's holes.

    Planes of all three directions are filled, so that a mouth or a sinus that opens in one of them
    counts as inside; a hole stays only if the planes of all directions see it open.
    """
    from scipy import ndimage

    solid = erode(dilate(mask, closing, spacing), closing, spacing) if closing > 0 else mask.copy()
    for axis in range(3):
        moved = np.moveaxis(solid, axis, 0)
        for plane in moved:
            plane[...] = ndimage.binary_fill_holes(plane)
    return np.asarray(solid | mask)


def body_masks(
    values: np.ndarray, valid: np.ndarray, spacing: float, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the body as seen, with its ears' clefts open, and its outline with cavities closed.

    Parameters
    ----------
    values : numpy.ndarray
        On an isotropic grid.
    valid : numpy.ndarray
        Where the scan has voxels.
    spacing : float
        Of the grid, mm.
    threshold : float
        From :func:`object_threshold`.

    Returns
    -------
    body, outline : numpy.ndarray
        Boolean. An opening of 4 mm parts head holder, table and tubes from the body first.
    """
    above = (values > threshold) & valid
    kernel = max(4.0, 1.5 * spacing)
    core = largest_part(opened(above, kernel, spacing) & above)
    # What the opening took off the body's own thin parts comes back: the nose's tip close by, the
    # ears from farther off, though not into the outline, which a pillow must not join.
    near = dilate(core, 25.0, spacing)
    close = filled(largest_part(above & dilate(core, 8.0, spacing) | core), spacing, closing=0.0)
    body = filled(largest_part(above & near | core), spacing, closing=0.0)
    outline = filled(close, spacing, closing=8.0)
    return body, outline & valid
