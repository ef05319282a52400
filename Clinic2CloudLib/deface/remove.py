"""The method ``remove``: the scan's own background noise in place of face and ears.

The cut is closed with a thin layer of tissue, this scan's own skin and the fat under it, into which
what is kept fades. Without it bright bone, muscle and the brain's margin would meet air, an edge
that no head has and that registration takes for an outline. Over the ears the cut follows the
smoothed side of the head: a cut along the ear's own root would leave its outline to be traced.

Where little lies between the skin and what is kept, at the cheeks and the brow, a cut could only
follow one or the other, and would be the patient's own face a size smaller. There the skin becomes
that of :mod:`.smooth`.
"""

from __future__ import annotations

import numpy as np

from .replace import Scene
from .smooth import least_alike
from .surface import (
    FAR_MM,
    WORK_MM,
    NewSkin,
    OldSkin,
    blended,
    signed_distance,
    smooth_step,
)

#: How thick the layer over the cut is, and no less than what is left of it anywhere, mm.
LAYER_MM, LEAST_LAYER_MM = 5.0, 2.0
#: With less room than the first of these below the skin nothing is cut, from the second on all, mm.
SHALLOW_MM = (15.0, 18.0)
#: What is kept is rounded by this, mm.
ROUNDED_MM = 5.0
#: Of a mean head, mm: the side of the head is smoothed so far, and lies so far below.
SIDE_MM, CARVED_MM = 12.0, 3.0


def remove(scene: Scene, old: OldSkin) -> NewSkin:
    """Return the skin over the cut: a layer's thickness off what is kept, within the old skin."""
    from scipy import ndimage

    kept = signed_distance(old.off_kept <= 0, WORK_MM, FAR_MM)
    rounded = ndimage.gaussian_filter(kept, ROUNDED_MM / WORK_MM, mode="nearest")
    cut = np.minimum(rounded, kept + LAYER_MM - LEAST_LAYER_MM) - LAYER_MM
    cut = np.maximum(cut, old.signed)
    shallow = smooth_step((SHALLOW_MM[1] - old.room) / (SHALLOW_MM[1] - SHALLOW_MM[0]))
    face = cut + shallow * (least_alike(scene, old) - cut)
    side = ndimage.gaussian_filter(old.earless, scene.scale * SIDE_MM / WORK_MM, mode="nearest")
    wanted = (1.0 - old.at_ears) * face + old.at_ears * (side + scene.scale * CARVED_MM)
    return blended(scene, old, wanted)
