"""Affine registration of the atlas to a scan of any contrast.

The scan's gray value is explained as a sum of one unknown level per tissue class times the atlas's
class probability, times a slow bias field; what is left over is made as small as possible by moving
the atlas. The levels are solved for in closed form at each step (variable projection, Golub and
Pereyra, SIAM J. Numer. Anal. 10, 1973; the tissue model as in Ashburner and Friston's unified
segmentation, NeuroImage 26, 2005), so no contrast has to be known beforehand: T1, T2, FLAIR and CT
are handled alike. All arithmetic is float64 numpy in a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import HeadAtlas
from .grid import Grid

TISSUES = ("csf", "gray", "white", "soft", "bone", "skin", "eye")


@dataclass(frozen=True)
class Fit:
    """Where the atlas came to lie.

    Attributes
    ----------
    matrix : numpy.ndarray
        4 x 4, atlas coordinates to LPS mm.
    explained : float
        Share of the scan's variance that the moved atlas explains (R squared, 0 to 1).
    seen : float
        Share of the atlas's head (brain, face, upper neck) inside the field of view.
    inner : float
        The same share of variance inside the head alone, skin and air left out: near 0 for a
        phantom or a limb, whose inside has nothing of a head.
    """

    matrix: np.ndarray
    explained: float
    seen: float
    inner: float = 0.0


@dataclass(frozen=True)
class Samples:
    """The atlas as the fit takes it.

    Attributes
    ----------
    points : numpy.ndarray
        Atlas coordinates in mm, shape (n, 3).
    design : numpy.ndarray
        What the scan's values are explained by at these points, shape (n, regressors).
    head : numpy.ndarray
        Probability of being head, shape (n,): how much is lost when a point is out of view.
    """

    points: np.ndarray
    design: np.ndarray
    head: np.ndarray


def atlas_samples(atlas: HeadAtlas, spacing: float, bias: bool) -> Samples:
    """Take the atlas's voxels at about ``spacing`` mm, with its regressors."""
    from scipy import ndimage

    step = max(round(spacing / atlas.grid.spacing), 1)
    blur = 0.5 * (step - 1)

    def thin(array: np.ndarray) -> np.ndarray:
        smooth = ndimage.gaussian_filter(array, blur) if blur else array
        return smooth[::step, ::step, ::step].astype(np.float64)

    points = atlas.grid.points()[::step, ::step, ::step].astype(np.float64)
    cover = atlas.cover[::step, ::step, ::step]
    outline = thin(atlas.averages["outline"])
    near = ndimage.binary_dilation(outline > 0.02, iterations=max(int(20 / spacing), 1))
    use = (cover >= 4) & near
    columns = [np.ones(int(use.sum()))]
    columns += [thin(atlas.averages[t])[use] for t in TISSUES]
    if bias:
        chosen, head = points[use] / 100.0, outline[use]
        x, y, z = chosen[:, 0], chosen[:, 1] - 0.45, chosen[:, 2]
        columns += [head * term for term in (x, y, z, x * x, y * y, z * z)]
    return Samples(points[use], np.stack(columns, 1), outline[use])


class ScanSampler:
    """A scan on an isotropic grid, smoothed, that can be asked for values and gradients."""

    def __init__(self, values: np.ndarray, valid: np.ndarray, grid: Grid, blur_mm: float) -> None:
        from scipy import ndimage

        sigma = blur_mm / grid.spacing
        share = ndimage.gaussian_filter(valid.astype(np.float32), sigma)
        smooth = ndimage.gaussian_filter(np.where(valid, values, 0).astype(np.float32), sigma)
        self.values = np.where(valid, smooth / np.maximum(share, 0.05), 0.0).astype(np.float32)
        self.valid = valid
        self.grid = grid
        g = np.gradient(self.values, grid.spacing)
        self.stack = np.stack([self.values, g[2], g[1], g[0]], axis=-1).astype(np.float32)

    def at(self, lps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return values and LPS gradients, shape (n, 4), and which points the scan covers."""
        index = (lps - self.grid.origin) / self.grid.spacing
        low = np.floor(index).astype(np.int64)
        part = index - low
        shape = np.array(self.grid.shape[::-1])
        inside = ((low >= 0) & (low < shape - 1)).all(1)
        low = np.where(inside[:, None], low, 0)
        nx, ny = int(shape[0]), int(shape[1])
        flat = self.stack.reshape(-1, 4)
        mask = self.valid.reshape(-1)
        base = (low[:, 2] * ny + low[:, 1]) * nx + low[:, 0]
        result = np.zeros((len(lps), 4))
        for dz in (0, 1):
            for dy in (0, 1):
                for dx in (0, 1):
                    w = (
                        (part[:, 0] if dx else 1 - part[:, 0])
                        * (part[:, 1] if dy else 1 - part[:, 1])
                        * (part[:, 2] if dz else 1 - part[:, 2])
                    )
                    at = base + (dz * ny + dy) * nx + dx
                    result += w[:, None] * flat[at]
                    inside &= mask[at]
        return result, inside


def refine(scan: ScanSampler, samples: Samples, start: np.ndarray, steps: int, prior: float) -> Fit:
    """Move the atlas by damped Gauss-Newton steps until the scan is explained best.

    Parameters
    ----------
    scan : ScanSampler
        The scan.
    samples : Samples
        From :func:`atlas_samples`.
    start : numpy.ndarray
        4 x 4 first guess, atlas to LPS.
    steps : int
        At most so many steps.
    prior : float
        Weight of the pull towards a plausible head (rotation free, stretch and shear small), which
        decides where a cut field of view leaves the affine map open.
    """
    matrix = start.copy()
    best, explained, seen, pieces = _evaluate(scan, samples, matrix, prior)
    damping = 1e-3
    for _ in range(steps):
        hessian, slope = pieces
        improved = False
        for _ in range(4):
            step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), -slope)
            delta = np.eye(4)
            delta[:3] += step.reshape(3, 4) * _UNITS
            candidate = matrix @ _about_centre(delta)
            cost, r2, share, new = _evaluate(scan, samples, candidate, prior)
            if cost < best:
                improved = True
                break
            damping *= 10
        if not improved:
            break
        gain = best - cost
        matrix, best, explained, seen, pieces = candidate, cost, r2, share, new
        damping = max(damping / 5, 1e-6)
        if gain < 1e-5:
            break
    return Fit(matrix, explained, seen)


#: Parameters are scaled so that one unit moves points by about as much, in rotation as in shift.
_UNITS = np.array([[0.01, 0.01, 0.01, 1.0]])
_CENTRE = np.array([0.0, 45.0, 0.0])


def _about_centre(delta: np.ndarray) -> np.ndarray:
    shift = np.eye(4)
    shift[:3, 3] = _CENTRE
    return shift @ delta @ np.linalg.inv(shift)


def inner_explained(scan: ScanSampler, samples: Samples, matrix: np.ndarray) -> float:
    """Return how much of the variance inside the head the moved atlas explains (see Fit)."""
    deep = samples.head > 0.95
    sampled, inside = scan.at(samples.points[deep] @ matrix[:3, :3].T + matrix[:3, 3])
    if inside.sum() < 200:
        return 0.0
    values, design = sampled[inside, 0], samples.design[deep][inside]
    gram = design.T @ design + 1e-3 * np.eye(design.shape[1])
    residual = values - design @ np.linalg.solve(gram, design.T @ values)
    return 1.0 - float((residual**2).sum()) / (float(((values - values.mean()) ** 2).sum()) + 1e-12)


def stretch_of(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric stretch of an affine map (polar decomposition), shape (3, 3)."""
    _, s, vt = np.linalg.svd(matrix[:3, :3])
    return vt.T @ np.diag(s) @ vt


def _evaluate(
    scan: ScanSampler, samples: Samples, matrix: np.ndarray, prior: float
) -> tuple[float, float, float, tuple[np.ndarray, np.ndarray]]:
    lps = samples.points @ matrix[:3, :3].T + matrix[:3, 3]
    sampled, inside = scan.at(lps)
    seen = float(samples.head[inside].sum() / max(samples.head.sum(), 1e-9))
    if inside.sum() < 500:
        return np.inf, 0.0, seen, (np.eye(12), np.zeros(12))
    values, gradients = sampled[inside, 0], sampled[inside, 1:]
    design = samples.design[inside]
    gram = design.T @ design + 1e-3 * np.eye(design.shape[1])
    residual = values - design @ np.linalg.solve(gram, design.T @ values)
    spread = float(((values - values.mean()) ** 2).sum()) + 1e-12
    unexplained = float((residual**2).sum()) / spread
    # Variable projection: the part of each parameter's effect that new levels could not absorb.
    local = (samples.points[inside] - _CENTRE) * 0.01
    pulled = gradients @ matrix[:3, :3]
    jacobian = np.empty((len(values), 12))
    for a in range(3):
        jacobian[:, 4 * a : 4 * a + 3] = pulled[:, a : a + 1] * local
        jacobian[:, 4 * a + 3] = pulled[:, a]
    jacobian -= design @ np.linalg.solve(gram, design.T @ jacobian)
    hessian = jacobian.T @ jacobian / spread
    slope = jacobian.T @ residual / spread
    penalty, extra_hessian, extra_slope = _plausible(matrix, prior)
    # Losing sight of the head must not pay: what is out of view counts as badly explained.
    cost = unexplained + penalty + 0.3 * (1 - seen) ** 2
    hessian += extra_hessian + 1e-9 * np.eye(12)
    return cost, 1 - unexplained, seen, (hessian, slope + extra_slope)


def _plausible(matrix: np.ndarray, prior: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Penalty on stretch and shear, with its Gauss-Newton parts (numerical Jacobian)."""

    def terms(m: np.ndarray) -> np.ndarray:
        s = stretch_of(m)
        size = np.trace(s) / 3
        shape = s / size - np.eye(3)
        return np.array(
            [
                (size - 1.0) / 0.08,
                shape[0, 0] / 0.05,
                shape[1, 1] / 0.05,
                shape[2, 2] / 0.05,
                shape[0, 1] / 0.03,
                shape[0, 2] / 0.03,
                shape[1, 2] / 0.03,
            ]
        )

    at = terms(matrix)
    jacobian = np.empty((7, 12))
    for n in range(12):
        delta = np.eye(4)
        step = np.zeros(12)
        step[n] = 0.1
        delta[:3] += step.reshape(3, 4) * _UNITS
        jacobian[:, n] = (terms(matrix @ _about_centre(delta)) - at) / 0.1
    return (
        float(prior * (at @ at)),
        prior * jacobian.T @ jacobian,
        prior * jacobian.T @ at,
    )
