"""What is different on CT: values that should be Hounsfield units, and two tissues only."""

from __future__ import annotations

import numpy as np

from .clean import Masks, opened

#: What may be CSF or brain, HU.
SOFT_HU = (-30.0, 90.0)
#: CSF is darker than the brain's own peak by more than this, HU: half of the usual 28.
CSF_BELOW = 14.0
#: Where the peak of an unenhanced brain is looked for, HU; scanners differ by more than ten.
PEAK_HU = (10.0, 60.0)


def hounsfield(values: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Return Hounsfield units, also for images that were stored without their offset.

    Some old or converted series keep HU + 1024 with a rescale intercept of 0. They are recognised
    by their soft tissue, the most frequent value above air: it lies near 1060 instead of near 40.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values.

    Returns
    -------
    tuple of numpy.ndarray and (str or None)
        float32 HU, and a remark when the offset was taken out here.
    """
    if float(values.min()) > -200.0:
        counts, edges = np.histogram(values, bins=np.arange(700.0, 1400.0, 10.0))
        soft = edges[int(np.argmax(counts))]
        share = float((values > 700.0).mean())
        if 960.0 <= soft <= 1130.0 and share > 0.05:
            remark = (
                "The CT values carry no Hounsfield offset; 1024 was subtracted, judged by the soft"
                " tissue."
            )
            return values.astype(np.float32) - np.float32(1024.0), remark
    return values.astype(np.float32), None


def split_by_window(
    values: np.ndarray, cavity: np.ndarray, spacing: tuple[float, float, float]
) -> Masks:
    """Return brain and CSF inside the skull cavity by Hounsfield windows.

    Parameters
    ----------
    values : numpy.ndarray
        HU.
    cavity : numpy.ndarray
        The skull cavity, boolean.
    spacing : tuple of float
        Along i, j, k, mm.

    Returns
    -------
    Masks
        Without grey and white matter, whose 5 to 10 HU of difference drown in the noise.
    """
    from scipy import ndimage

    # Over about 2 mm, since the noise of a slice is larger than the difference looked for; bone
    # and air beside the brain are kept out of the average.
    sigma = [1.0 / s for s in spacing[::-1]]
    soft = cavity & (values > SOFT_HU[0]) & (values < SOFT_HU[1])
    total = ndimage.gaussian_filter(np.where(soft, values, 0.0).astype(np.float32), sigma)
    weight = ndimage.gaussian_filter(soft.astype(np.float32), sigma)
    level = total / np.maximum(weight, 1e-3)
    threshold = brain_peak(level[soft]) - CSF_BELOW
    brain = opened(soft & (level >= threshold), spacing, 0.6)
    return Masks(brain, cavity, cavity & ~brain & (level < threshold), None, None)


def brain_peak(levels: np.ndarray) -> float:
    """Return the most frequent value of brain tissue, HU; 35 where there is none to see."""
    counts, edges = np.histogram(levels, bins=np.arange(PEAK_HU[0], PEAK_HU[1] + 1.0, 2.0))
    if not counts.any():
        return 35.0
    return float(edges[int(np.argmax(counts))] + 1.0)
