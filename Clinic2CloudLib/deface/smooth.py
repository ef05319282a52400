"""The method ``smooth``: the skin carved and filled to a smoothed, randomly bumped surface.

The head's signed distance is blended, over face and ears, to its own Gaussian average over 15 mm
with random waves; of eight draws the one that moves the skin most is taken. What stood out of the
new surface becomes background noise; what lay below it, eyes, nasal cavity and teeth with it,
becomes the tissue's local mean with the scan's own texture.
Neither is a filter of the original face: the surface is random to several mm and the inside is
drawn anew, so that no sharpening brings the face back (a plain blur is reversible).
"""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .replace import Scene, gaussian_noise
from .surface import WORK_MM, OldSkin, blended, bumps, old_skin, put_on
from .tissue import tissue_of

SMOOTHING_MM = 15.0
#: Few wide waves: many small bumps leave more of the skin where it was, between them.
WAVE_MM, WAVE_WIDTH_MM, WAVE_SOFTNESS = 9.0, 17.0, 0.9
#: So many random surfaces are drawn; the one that leaves the least skin within this, mm, is taken.
DRAWS, NEAR_MM = 8, 2.5


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
    skin = blended(scene, old, most_moved(scene.random, old, wanted))
    progress(0.5, "Filling the new surface")
    tissue = tissue_of(scene)

    def filling(where: np.ndarray) -> np.ndarray:
        noise = gaussian_noise(scene.random, int(where.sum()))
        return np.asarray(tissue.mean[where] + tissue.texture * noise)

    values, changed = put_on(scene, skin, filling)
    progress(1.0, "Face smoothed")
    return values, changed


def most_moved(random: np.random.Generator, old: OldSkin, smoothed: np.ndarray) -> np.ndarray:
    """Add random waves to a smoothed signed distance; return the draw that moves the skin most."""
    skin = old.region & (np.abs(old.signed) <= WORK_MM)
    best, least = smoothed, np.inf
    for _ in range(DRAWS):
        wanted = smoothed + WAVE_MM * bumps(random, old.grid, WAVE_WIDTH_MM, WAVE_SOFTNESS)
        moved = np.abs(wanted - old.signed)[skin]
        near = float((moved <= NEAR_MM).mean()) if moved.size else 0.0
        if near < least:
            best, least = wanted, near
    return best
