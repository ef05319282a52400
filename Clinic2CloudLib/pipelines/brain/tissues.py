"""Which tissue each voxel is: a Gaussian mixture with atlas priors and a Markov random field.

The model of Ashburner and Friston (Unified segmentation, NeuroImage 2005) without its registration:
every class is a small mixture of Gaussians whose weights vary in space as the atlas says; the
neighbours' votes are added as a mean field (Zhang, IEEE TMI 2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import AIR, CLASSES, GREY, WHITE

#: Gaussians per class: air, CSF, grey, white, bone, other soft tissue (muscle, fat, skin, eyes).
COMPONENTS = (1, 1, 1, 1, 2, 3)
#: Weight of the neighbours' votes.
FIELD_STRENGTH = 0.3
#: How smooth the shading is taken to be, mm: less, and cortex and white matter would grow alike.
SHADING_MM = 20.0


@dataclass(frozen=True)
class Mixture:
    """Gaussians of intensity.

    Attributes
    ----------
    owner : numpy.ndarray
        Class of each Gaussian, int, shape (G,).
    mean, spread, weight : numpy.ndarray
        float64, shape (G,); the weights of a class sum to 1.
    """

    owner: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    weight: np.ndarray

    def class_mean(self, number: int) -> float:
        """Return the mean intensity of a class."""
        mine = self.owner == number
        return float((self.mean[mine] * self.weight[mine]).sum())

    def class_spread(self, number: int) -> float:
        """Return the standard deviation of a class's first Gaussian."""
        return float(self.spread[self.owner == number][0])

    def likelihood(self, values: np.ndarray) -> np.ndarray:
        """Return the density of each class at each value, float32, shape (6, *values.shape)."""
        density = np.zeros((len(CLASSES), *values.shape), np.float32)
        for owner, mean, spread, weight in zip(
            self.owner, self.mean, self.spread, self.weight, strict=True
        ):
            z = (values - np.float32(mean)) / np.float32(spread)
            density[owner] += np.float32(weight / spread) * np.exp(-0.5 * z * z)
        return density + np.float32(1e-12 / max(float(self.spread.max()), 1e-6))


def fit_mixture(values: np.ndarray, priors: np.ndarray, rounds: int = 25) -> Mixture:
    """Fit the mixture by expectation maximisation, started from the priors.

    Parameters
    ----------
    values : numpy.ndarray
        Intensities, shape (N,).
    priors : numpy.ndarray
        Class probabilities, shape (6, N).
    rounds : int
        Iterations.

    Returns
    -------
    Mixture
        The fitted Gaussians.
    """
    x = values.astype(np.float64)
    p = priors.astype(np.float64)
    order = np.argsort(x, kind="stable")
    owner, mean, spread = [], [], []
    scale = float(x.std()) + 1e-6
    for number, parts in enumerate(COMPONENTS):
        # Weighted quantiles among the voxels the atlas is sure of.
        mass = np.cumsum(np.where(p[number] > 0.5 * p[number].max(), p[number], 0.0)[order])
        for part in range(parts):
            at = np.searchsorted(mass, mass[-1] * (part + 0.5) / parts)
            owner.append(number)
            mean.append(x[order[min(int(at), x.size - 1)]])
            spread.append(0.3 * scale)
    mixture = Mixture(
        np.array(owner),
        np.array(mean),
        np.array(spread),
        np.array([1.0 / COMPONENTS[n] for n in owner]),
    )
    floor = 0.01 * scale
    for _ in range(rounds):
        z = (x - mixture.mean[:, None]) / mixture.spread[:, None]
        joint = np.exp(-0.5 * z * z) * (mixture.weight / mixture.spread)[:, None]
        joint = joint * p[mixture.owner] + 1e-300
        joint /= joint.sum(0)
        total = joint.sum(1) + 1e-9
        centre = (joint * x).sum(1) / total
        variance = (joint * (x - centre[:, None]) ** 2).sum(1) / total
        per_class = np.array([total[mixture.owner == n].sum() for n in range(len(CLASSES))])
        mixture = Mixture(
            mixture.owner,
            centre,
            np.maximum(np.sqrt(variance), floor),
            total / per_class[mixture.owner],
        )
    return mixture


def posteriors(
    values: np.ndarray, priors: np.ndarray, mixture: Mixture, rounds: int, strength: float
) -> np.ndarray:
    """Return class probabilities with the neighbours' votes.

    Parameters
    ----------
    values : numpy.ndarray
        Intensities, shape (K, J, I).
    priors : numpy.ndarray
        shape (6, K, J, I).
    mixture : Mixture
        The fitted Gaussians.
    rounds : int
        Mean-field iterations.
    strength : float
        Weight of each of the six neighbours.

    Returns
    -------
    numpy.ndarray
        float32, shape (6, K, J, I), sums to 1.
    """
    evidence = mixture.likelihood(values) * (priors + np.float32(1e-4))
    evidence /= evidence.sum(0)
    current = evidence
    for _ in range(rounds):
        current = evidence * np.exp(np.float32(strength) * neighbours(current))
        current /= current.sum(0)
    return current


def remaining_shading(
    values: np.ndarray, found: np.ndarray, mixture: Mixture, spacing: float
) -> np.ndarray:
    """Return the shading that is left inside the brain, by what its tissues should look like.

    The bias step of adaptive segmentation (Wells, IEEE TMI 1996): the smooth part of the ratio
    between each voxel and the mean of the tissue it is taken for.

    Parameters
    ----------
    values : numpy.ndarray
        Intensities, shape (K, J, I).
    found : numpy.ndarray
        Class probabilities, shape (6, K, J, I).
    mixture : Mixture
        The fitted Gaussians.
    spacing : float
        Of the grid, mm.

    Returns
    -------
    numpy.ndarray
        Factor, float32, shape (K, J, I), between 0.7 and 1.4.
    """
    from scipy import ndimage

    weight = np.zeros(values.shape, np.float32)
    excess = np.zeros(values.shape, np.float32)
    for tissue in (GREY, WHITE):
        mean = max(mixture.class_mean(tissue), 1e-6)
        trust = found[tissue] * np.float32((mean / mixture.class_spread(tissue)) ** 2)
        weight += trust
        excess += trust * (values / np.float32(mean) - 1)
    sigma = SHADING_MM / spacing
    smooth = ndimage.gaussian_filter(excess, sigma, truncate=3.0)
    total = ndimage.gaussian_filter(weight, sigma, truncate=3.0)
    floor = 1e-3 * float(total.max())
    return np.clip(1 + smooth / (total + floor), 0.7, 1.4).astype(np.float32)


def neighbours(classes: np.ndarray) -> np.ndarray:
    """Return the sum over the six face neighbours, shape (6, K, J, I)."""
    total = np.zeros_like(classes)
    for axis in (1, 2, 3):
        ahead = [slice(None)] * 4
        behind = [slice(None)] * 4
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        total[tuple(behind)] += classes[tuple(ahead)]
        total[tuple(ahead)] += classes[tuple(behind)]
    return total


def usable(values: np.ndarray, priors: np.ndarray) -> np.ndarray:
    """Return where the mixture is fitted: inside the atlas's head, not in the padding."""
    return (priors[AIR] < 0.9) & np.isfinite(values)
