"""The method ``smooth``: the skin carved and filled to a smoothed, randomly bumped surface.

The head's signed distance is blended, over face and ears, to its own Gaussian average over 15 mm
with random bumps. What stood out of the new surface becomes background noise; what lay below it,
eyes, nasal cavity and teeth with it, becomes the tissue's local mean with the scan's own texture.
Neither is a filter of the original face: the surface is random to several mm and the inside is
drawn anew, so that no sharpening brings the face back (a plain blur is reversible).
"""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .replace import Scene, gaussian_noise
from .surface import WORK_MM, blended, bumps, old_skin, put_on
from .tissue import tissue_of

SMOOTHING_MM = 15.0
BUMP_MM, BUMP_WIDTH_MM, BUMP_SOFTNESS = 7.0, 11.0, 0.5


def smooth(scene: Scene, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Carve and fill; see :mod:`Clinic2CloudLib.deface.smooth`.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed.
    """
    from scipy import ndimage

    old = old_skin(scene)
    wanted = ndimage.gaussian_filter(old.signed, SMOOTHING_MM / WORK_MM, mode="nearest")
    wanted += BUMP_MM * bumps(scene.random, old.grid, BUMP_WIDTH_MM, BUMP_SOFTNESS)
    skin = blended(scene, old, wanted)
    progress(0.5, "Filling the new surface")
    tissue = tissue_of(scene)

    def filling(where: np.ndarray) -> np.ndarray:
        noise = gaussian_noise(scene.random, int(where.sum()))
        return np.asarray(tissue.mean[where] + tissue.texture * noise)

    values, changed = put_on(scene, skin, filling)
    progress(1.0, "Face smoothed")
    return values, changed
