"""From a coarse scan to the atlas's place in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..progress import Progress, silent
from .atlas import HeadAtlas
from .register import Fit, ScanSampler, atlas_samples, inner_explained, refine
from .scan import CoarseScan
from .search import candidates

STARTS = 6
#: Pull towards a plausible head: strong while coarse, then weaker.
PRIOR_COARSE, PRIOR_FINE = 0.004, 0.002


def locate(
    atlas: HeadAtlas, scan: CoarseScan, modality: str, progress: Progress = silent
) -> tuple[Fit, float] | None:
    """Register the atlas to a scan from several starts and keep the best.

    Returns
    -------
    (Fit, float) or None
        The best fit and the correlation of its start; None where no start had enough of a head
        in view.
    """
    step = 2
    starts = candidates(
        atlas,
        scan.outline[::step, ::step, ::step].astype(np.float64),
        scan.valid[::step, ::step, ::step].astype(np.float64),
        scan.grid.origin,
        STARTS,
        scan.grid.spacing * step,
    )
    if not starts:
        return None
    bias = modality != "CT"
    coarse = ScanSampler(scan.contrast, scan.valid, scan.grid, blur_mm=5.0)
    samples = atlas_samples(atlas, 9.0, bias=False)
    fits = []
    for n, (score, matrix) in enumerate(starts):
        progress(0.1 + 0.6 * n / len(starts), "Looking for the head")
        fits.append((refine(coarse, samples, matrix, 25, PRIOR_COARSE), score))
    fits.sort(key=lambda f: -_merit(f[0]))
    middle = atlas_samples(atlas, 6.0, bias)
    fine = ScanSampler(scan.contrast, scan.valid, scan.grid, blur_mm=3.0)
    finals = []
    for n, (fit, score) in enumerate(fits[:2]):
        progress(0.7 + 0.15 * n, "Aligning the head")
        finals.append((refine(fine, middle, fit.matrix, 25, PRIOR_FINE), score))
    fit, score = max(finals, key=lambda f: _merit(f[0]))
    inner = inner_explained(fine, atlas_samples(atlas, 6.0, bias=False), fit.matrix)
    progress(1.0, "Head aligned")
    return replace(fit, inner=inner), score


def _merit(fit: Fit) -> float:
    return fit.explained - 0.3 * (1 - fit.seen) ** 2
