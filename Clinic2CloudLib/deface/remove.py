"""The method ``remove``: the scan's own background noise in place of face and ears."""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .replace import Scene


def remove(scene: Scene, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Put background in place of the region.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed. Values are drawn from the scan's own
        background, not zeros, so that the noise goes on.
    """
    changed = scene.region & ~scene.brain
    values = scene.values.copy()
    picks = scene.random.integers(0, scene.air.size, size=int(changed.sum()))
    values[changed] = scene.air[picks]
    progress(1.0, "Face removed")
    return values, changed
