"""Values as the networks take them, alike for every scanner: air near 0, the brightest near 1."""

from __future__ import annotations

import numpy as np

#: CT: Hounsfield units against what the networks see; soft tissue gets most of the range.
HU = (-1000.0, -400.0, -150.0, -50.0, 100.0, 300.0, 1200.0)
SEEN = (0.0, 0.08, 0.30, 0.42, 0.62, 0.78, 1.10)
#: MR: these percentiles become 0 and 1, and this power lifts what is dim, skin above all.
LOW, HIGH, POWER = 2.0, 99.0, 0.6
BRIGHTEST = 1.2


def normalised(values: np.ndarray, inside: np.ndarray, modality: str) -> np.ndarray:
    """Return values for the networks, float32, 0 outside the field of view.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values (CT: HU), any shape.
    inside : numpy.ndarray
        Boolean, same shape: inside the field of view.
    modality : str
        ``CT`` for HU; all else goes by its own percentiles.
    """
    if modality == "CT":
        seen = np.interp(values, HU, SEEN)
    else:
        own = values[inside]
        if own.size == 0:
            return np.zeros(values.shape, np.float32)
        sample = own[:: max(own.size // 100_000, 1)]
        low, high = np.percentile(sample, [LOW, HIGH])
        seen = np.clip((values - low) / max(high - low, 1e-6), 0.0, BRIGHTEST) ** POWER
    return np.where(inside, seen, 0.0).astype(np.float32)
