"""The method ``remove``: the scan's own background noise in place of face and ears.

The cut lies deep below the surface that :mod:`.smooth` would make, and no deeper than what is kept
below it allows; along that alone it would have the width and height of this head's face, for it is
drawn by the finder's rule in the head's own frame. The cut is closed with tissue, this scan's own
skin and the fat under it, into which what is kept fades. Without it bright bone, muscle and the
brain's margin would meet air, an edge that no head has and that registration takes for an outline.

Where little lies between the skin and what is kept, at the cheeks and the brow, a cut could only
follow one or the other, and would be the patient's own face a size smaller. There the skin becomes
that of :mod:`.smooth`, and over the ears as well, whose root a deeper cut would show.
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

#: So far below the smoothed surface the cut lies, of a mean head, mm.
DEEPER_MM = 24.0
#: How thick the tissue over what is kept is, and no less than what is left of it anywhere, mm.
LAYER_MM, LEAST_LAYER_MM = 5.0, 2.0
#: What is kept is rounded by this, mm.
ROUNDED_MM = 5.0
#: With less room than the first of these below the skin nothing is cut, from the second on all, mm;
#: and with more than these the cut may go down to what is kept itself.
SHALLOW_MM, DEEP_MM = (15.0, 18.0), (20.0, 24.0)


def remove(scene: Scene, old: OldSkin) -> NewSkin:
    """Return the skin of the cut; see :mod:`Clinic2CloudLib.deface.remove`."""
    cut, down = (
        smooth_step((old.room - least) / (most - least)) * (1.0 - old.at_ears)
        for least, most in (SHALLOW_MM, DEEP_MM)
    )
    _, inwards = old.limits
    deepest = inwards + down * (as_deep_as_kept(old) - inwards)
    return blended(scene, old, least_alike(scene, old, scene.scale * DEEPER_MM * cut, deepest))


def as_deep_as_kept(old: OldSkin) -> np.ndarray:
    """Return how far inwards a layer's thickness off what is kept lies, mm."""
    from scipy import ndimage

    kept = signed_distance(old.off_kept <= 0, WORK_MM, FAR_MM)
    rounded = ndimage.gaussian_filter(kept, ROUNDED_MM / WORK_MM, mode="nearest")
    cut = np.minimum(rounded, kept + LAYER_MM - LEAST_LAYER_MM) - LAYER_MM
    return np.asarray(np.maximum(cut - old.signed, 0.0))
