"""The method ``remove``: the scan's own background noise in place of face and ears.

The cut is closed with a thin layer of tissue, this scan's own skin and the fat under it, into which
what is kept fades. Without it bright bone, muscle and the brain's margin would meet air, an edge
that no head has and that registration takes for an outline. Over the ears the cut follows the
smoothed side of the head: a cut along the ear's own root would leave its outline to be traced.
"""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .average import smoothed_stranger
from .beside import both
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
    smooth_step,
)
from .tissue import layered, tissue_of
from .waves import bumps, refined

#: How thick the layer over the cut is, and over how much of it the kept tissue fades, mm.
LAYER_MM, FADE_MM = 5.0, 4.0
#: Where there is less room than the first of these below the skin, wholly, and from the second on
#: not at all, a stranger's skin less this, waved by that, says how much goes, mm; the waves' width.
SHALLOW_MM, BELOW_MM = (15.0, 18.0), 11.0
VARIED_MM, VARIED_WIDTH_MM, VARIED_SOFTNESS = 3.0, 22.0, 0.6
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
    (old, skin), tissue = both(lambda: _skins(scene), lambda: tissue_of(scene))
    progress(0.5, "Closing the cut")
    values, changed = put_on(scene, skin, layered(scene, old, skin, tissue))
    progress(1.0, "Face removed")
    return values, changed


def _skins(scene: Scene) -> tuple[OldSkin, NewSkin]:
    old = old_skin(scene)
    return old, _cut(scene, old)


def _cut(scene: Scene, old: OldSkin) -> NewSkin:
    """Return the skin over the cut: a layer's thickness off what is kept, within the old skin."""
    from scipy import ndimage

    kept = signed_distance(old.off_kept <= 0, WORK_MM, FAR_MM)
    rounded = ndimage.gaussian_filter(kept, ROUNDED_MM / WORK_MM, mode="nearest")
    face = np.minimum(rounded, kept + LAYER_MM - LEAST_LAYER_MM) - LAYER_MM
    if scene.frame_to_lps is not None:
        cheeks = smooth_step((SHALLOW_MM[1] - old.room) / (SHALLOW_MM[1] - SHALLOW_MM[0]))
        below = _below_a_stranger(scene, scene.frame_to_lps, old)
        deepest = np.minimum(rounded, kept) - LEAST_LAYER_MM
        face += cheeks * (np.minimum(below, deepest) - face)
    side = ndimage.gaussian_filter(old.earless, scene.scale * SIDE_MM / WORK_MM, mode="nearest")
    wanted = (1.0 - old.at_ears) * np.maximum(face, old.signed)
    wanted += old.at_ears * (side + scene.scale * CARVED_MM)
    return blended(scene, old, wanted, FADE_MM)


def _below_a_stranger(scene: Scene, frame_to_lps: np.ndarray, old: OldSkin) -> np.ndarray:
    """Return the signed distance to a skin below a stranger's.

    The cheeks are cut at an even depth, which alone would be the patient's own, a size smaller.
    """
    stranger = smoothed_stranger(frame_to_lps, old, scene.random, scene.scale * SIDE_MM)
    wave = refined(bumps(scene.random, old.grid, VARIED_WIDTH_MM, VARIED_SOFTNESS), old.grid)
    return np.asarray(stranger + scene.scale * (BELOW_MM + VARIED_MM * wave))
