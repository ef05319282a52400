"""The method ``reface``: an average face and average ears in the patient's place.

The skin of an average of many heads is laid into the head's frame with proportions drawn at random
for each case (:mod:`.average`), varied a little more, and blended into the kept skin where it meets
it: what stays of the patient's face is where it was, and how large the head is. Under the new skin
lie the layers of this scan's own skin, fat and muscle, with its shading, noise and texture.
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .average import strangers_skin
from .likeness import SkinSample
from .replace import Scene
from .surface import NewSkin, OldSkin, blended
from .waves import bumps, refined

#: The random variation of the average face, mm, and its width: features stay, proportions change.
VARIATION_MM, VARIATION_WIDTH_MM, VARIATION_SOFTNESS = 4.0, 18.0, 0.8
#: So many variations are drawn.
DRAWS = 96


def reface(scene: Scene, old: OldSkin) -> NewSkin:
    """Return a stranger's skin, varied; see :mod:`Clinic2CloudLib.deface.reface`.

    Raises
    ------
    InputError
        When the finding does not say where the head's frame lies.
    """
    if scene.frame_to_lps is None:
        raise InputError("The finding does not say where the head's frame lies; use smooth.")
    wanted = strangers_skin(scene.frame_to_lps, old, scene.random)
    wave = refined(_least_alike(scene, old, wanted), old.grid)
    outwards, inwards = old.limits
    varied = wanted + VARIATION_MM * wave
    return blended(scene, old, np.clip(varied, old.signed - outwards, old.signed + inwards))


def _least_alike(scene: Scene, old: OldSkin, wanted: np.ndarray) -> np.ndarray:
    """Draw variations of a stranger's skin; return the one least like the old skin."""
    skin = SkinSample.of(old)
    outwards, inwards, moved = (skin.at(field) for field in (*old.limits, wanted - old.signed))

    def unlike(wave: np.ndarray) -> float:
        varied = np.clip(moved + VARIATION_MM * wave[skin.where], -outwards, inwards)
        return skin.unlikeness(skin.weight * varied)

    width, softness = VARIATION_WIDTH_MM, VARIATION_SOFTNESS
    return max((bumps(scene.random, old.grid, width, softness) for _ in range(DRAWS)), key=unlike)
