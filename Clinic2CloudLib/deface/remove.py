"""The method ``remove``: the scan's own background noise in place of face and ears.

The cut is closed with a thin layer of tissue, this scan's own skin and the fat under it, into which
what is kept fades. Without it bright bone, muscle and the brain's margin would meet air, an edge
that no head has and that registration takes for an outline. Over the ears the cut follows the
smoothed side of the head: a cut along the ear's own root would leave its outline to be traced.
"""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .put_on import put_on
from .replace import Scene
from .surface import (
    FAR_MM,
    WORK_MM,
    NewSkin,
    OldSkin,
    blended,
    old_skin,
    signed_distance,
)
from .tissue import layered

#: How thick the layer over the cut is, and over how much of it the kept tissue fades, mm.
LAYER_MM, FADE_MM = 5.0, 4.0
#: What is kept is rounded by this, and nowhere left with less of a layer than this, mm.
ROUNDED_MM, LEAST_LAYER_MM = 5.0, 2.0
#: Of a mean head, mm: the side of the head is smoothed so far, and lies so far below.
SIDE_MM, CARVED_MM = 12.0, 2.0


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
    from scipy import ndimage

    kept = signed_distance(old.off_kept <= 0, WORK_MM, FAR_MM)
    rounded = ndimage.gaussian_filter(kept, ROUNDED_MM / WORK_MM, mode="nearest")
    face = np.minimum(rounded, kept + LAYER_MM - LEAST_LAYER_MM) - LAYER_MM
    side = ndimage.gaussian_filter(old.earless, scene.scale * SIDE_MM / WORK_MM, mode="nearest")
    wanted = (1.0 - old.at_ears) * np.maximum(face, old.signed)
    wanted += old.at_ears * (side + scene.scale * CARVED_MM)
    return blended(scene, old, wanted, FADE_MM)
