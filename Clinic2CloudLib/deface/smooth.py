"""The method ``smooth``: the skin carved and filled to a smoothed, randomly waved surface.

The head's signed distance, its ears taken off, is averaged over 15 mm and given random waves; of
eight draws the one that moves the skin most is taken. What stood out of the new surface becomes
background noise; what lay below it, eyes, nasal cavity and teeth with it, becomes the tissue's
local mean with the scan's own texture.
Neither is a filter of the original face: the surface is random to several mm and the inside is
drawn anew, so that no sharpening brings the face back (a plain blur is reversible).
"""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .put_on import put_on
from .replace import Scene, gaussian_noise
from .surface import WORK_MM, OldSkin, blended, old_skin, weight_of
from .tissue import tissue_of
from .waves import bumps

#: Of a mean head, mm.
SMOOTHING_MM = 15.0
#: Few wide waves: many small bumps leave more of the skin where it was, between them.
WAVE_MM, WAVE_WIDTH_MM, WAVE_SOFTNESS = 7.0, 17.0, 0.9
#: Over the ears the skin only goes inwards, between these, mm.
EAR_CARVED_MM = (1.0, 4.0)
#: So many random surfaces are drawn; the one that leaves the least skin within this, mm, is taken.
DRAWS, NEAR_MM = 8, 2.5


def smooth(scene: Scene, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Carve and fill; see :mod:`Clinic2CloudLib.deface.smooth`.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed.
    """
    old = old_skin(scene)
    skin = blended(scene, old, most_moved(scene, old))
    progress(0.5, "Filling the new surface")
    tissue = tissue_of(scene)

    def filling(where: np.ndarray) -> np.ndarray:
        noise = gaussian_noise(scene.random, int(where.sum()))
        return np.asarray(tissue.mean[where] + tissue.texture * noise)

    values, changed = put_on(scene, skin, filling)
    progress(1.0, "Face smoothed")
    return values, changed


def most_moved(scene: Scene, old: OldSkin) -> np.ndarray:
    """Give random waves to the smoothed head; return the draw that moves the skin most."""
    from scipy import ndimage

    smoothed = ndimage.gaussian_filter(
        old.earless, scene.scale * SMOOTHING_MM / WORK_MM, mode="nearest"
    )
    skin = old.region & (np.abs(old.signed) <= WORK_MM)
    weight = weight_of(old, 8.0)[skin]
    best, least = smoothed, np.inf
    for _ in range(DRAWS):
        wave = bumps(scene.random, old.grid, scene.scale * WAVE_WIDTH_MM, WAVE_SOFTNESS)
        wanted = smoothed + scene.scale * waves(wave, old.at_ears)
        moved = weight * np.abs(wanted - old.signed)[skin]
        near = float((moved <= NEAR_MM).mean()) if moved.size else 0.0
        if near < least:
            best, least = wanted, near
    return best


def waves(wave: np.ndarray, at_ears: np.ndarray) -> np.ndarray:
    """Return by how much the skin goes inwards, mm of a mean head, given waves of -1 to 1."""
    least, most = EAR_CARVED_MM
    carved = least + (most - least) * 0.5 * (1.0 + wave)
    return np.asarray((1.0 - at_ears) * WAVE_MM * wave + at_ears * carved)
