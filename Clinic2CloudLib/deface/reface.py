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
from .likeness import least_alike
from .replace import Scene
from .surface import NewSkin, OldSkin, blended
from .waves import bumps, refined

#: The random variation of the average face, mm, and its width: features stay, proportions change.
VARIATION_MM, VARIATION_WIDTH_MM, VARIATION_SOFTNESS = 5.5, 18.0, 0.8
#: Over the ears it is wider by so much, mm: they are small, and what is kept around them fits.
EARS_MORE_MM = 5.0
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
    width = VARIATION_MM + EARS_MORE_MM * old.at_ears
    fields = (*old.limits, wanted - old.signed, width)
    waves = (
        bumps(scene.random, old.grid, VARIATION_WIDTH_MM, VARIATION_SOFTNESS) for _ in range(DRAWS)
    )
    wave = refined(least_alike(old, waves, varied, fields), old.grid)
    return blended(scene, old, old.signed + varied(wave, *fields))


def varied(
    wave: np.ndarray,
    outwards: np.ndarray,
    inwards: np.ndarray,
    moved: np.ndarray,
    width: np.ndarray,
) -> np.ndarray:
    """Return how far inwards a varied skin lies, mm, given waves of -1 to 1 and its limits, mm."""
    return np.asarray(np.clip(moved + width * wave, -outwards, inwards))
