"""The method ``remove``: the scan's own background noise in place of face and ears.

The cut is closed with a thin layer of tissue, this scan's own skin and the fat under it, into which
what is kept fades. Without it bright bone, muscle and the brain's margin would meet air, an edge
that no head has and that registration takes for an outline.
"""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .grid import to_voxels
from .replace import Scene
from .surface import NewSkin, OldSkin, off_kept, old_skin, put_on
from .tissue import layered

#: How thick the layer over the cut is, and over how much of it the kept tissue fades, mm.
LAYER_MM, FADE_MM = 5.0, 4.0


def remove(scene: Scene, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Put background in place of the region, and a layer of skin over the cut.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed. Values are drawn from the scan's own
        background, not zeros, so that the noise goes on.
    """
    old = old_skin(scene)
    skin = _cut(scene, old)
    progress(0.5, "Closing the cut")
    values, changed = put_on(scene, skin, layered(scene, old, skin))
    progress(1.0, "Face removed")
    return values, changed


def _cut(scene: Scene, old: OldSkin) -> NewSkin:
    """Return the skin over the cut: a layer's thickness off what is kept, within the old skin."""
    away = off_kept(old)
    weight = np.clip(away / FADE_MM, 0.0, 1.0) * old.reach
    depth = np.minimum(LAYER_MM - away, -old.signed)
    shape, affine = scene.values.shape, scene.ijk_to_lps
    return NewSkin(
        to_voxels(weight, old.grid, shape, affine), to_voxels(depth, old.grid, shape, affine)
    )
