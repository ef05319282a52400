"""The method ``reface``: an average face and average ears in the patient's place.

The skin of an average of many heads is laid into the head's frame with proportions drawn at random
for each case (:mod:`.average`), varied a little more, and blended into the kept skin where it meets
it: what stays of the patient's face is where it was, and how large the head is. Under the new skin
lie the layers of this scan's own skin, fat and muscle, with its shading, noise and texture.
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .average import strangers_skin
from .beside import both
from .put_on import put_on
from .replace import Scene
from .surface import NewSkin, OldSkin, blended, old_skin
from .tissue import layered, tissue_of
from .waves import bumps, refined

#: The random variation of the average face, mm, and its width: features stay, proportions change.
VARIATION_MM, VARIATION_WIDTH_MM, VARIATION_SOFTNESS = 4.0, 18.0, 0.8


def reface(scene: Scene, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Put the average face on; see :mod:`Clinic2CloudLib.deface.reface`.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed.

    Raises
    ------
    InputError
        When the finding does not say where the head's frame lies.
    """
    frame_to_lps = scene.frame_to_lps
    if frame_to_lps is None:
        raise InputError("The finding does not say where the head's frame lies; use smooth.")
    (old, skin), tissue = both(lambda: _skins(scene, frame_to_lps), lambda: tissue_of(scene))
    progress(0.4, "Matching the new face's tissue")
    values, changed = put_on(scene, skin, layered(scene, old, skin, tissue))
    progress(1.0, "Face replaced by an average one")
    return values, changed


def _skins(scene: Scene, frame_to_lps: np.ndarray) -> tuple[OldSkin, NewSkin]:
    old = old_skin(scene)
    wanted = strangers_skin(frame_to_lps, old, scene.random)
    wave = bumps(scene.random, old.grid, VARIATION_WIDTH_MM, VARIATION_SOFTNESS)
    varied = wanted + VARIATION_MM * refined(wave, old.grid)
    outwards, inwards = old.limits
    held = np.clip(varied, old.signed - outwards, old.signed + inwards)
    return old, blended(scene, old, held)
