"""The method ``smooth``: the skin carved and filled to a smoothed, randomly waved surface.

A stranger's skin (:mod:`.average`), at the ears the head's own without them, is averaged over 15 mm
and given random waves; of 96 draws the one least like the patient is taken. What stood out of the
new surface becomes background noise; what lay below it, eyes, nasal cavity and teeth with it,
becomes the tissue's local mean with the scan's own texture.
Neither is a filter of the original face: the surface is random to several mm and the inside is
drawn anew, so that no sharpening brings the face back (a plain blur is reversible).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from . import likeness
from .average import smoothed_stranger
from .replace import Scene
from .surface import (
    WORK_MM,
    NewSkin,
    OldSkin,
    blended,
    smooth_step,
)
from .waves import bumps, refined

#: Of a mean head, mm.
SMOOTHING_MM = 15.0
#: Few wide waves: many small bumps leave more of the skin where it was, between them.
WAVE_MM, WAVE_WIDTH_MM, WAVE_SOFTNESS = 9.0, 22.0, 0.6
#: Over the ears the skin goes inwards between these from the head's side without them, mm: far
#: outwards as well, for above and behind the ears much of that side is kept.
EAR_INWARDS_MM = (-9.0, 5.5)
#: Where there is less room below the skin than the first, mm, it goes outwards; from the second on
#: either way. That is spread over a width, mm, and strengthened; over the ears it counts so much.
ROOM_MM, LEAN_WIDTH_MM, LEAN, EARS_LEAN = (6.0, 9.0), 12.0, 1.5, 0.5
#: The farthest outwards, of a mean head, and how far at least where it must, and by how much of
#: what it would have moved otherwise, mm.
OUTWARDS_MM, LEAST_OUT_MM, OUT_SHARE = 16.0, 2.5, 0.6
#: So many random surfaces are drawn; the one that is least like the old skin is taken.
DRAWS = 96


def smooth(scene: Scene, old: OldSkin) -> NewSkin:
    """Return a skin without features; see :mod:`Clinic2CloudLib.deface.smooth`."""
    return blended(scene, old, least_alike(scene, old))


def least_alike(
    scene: Scene,
    old: OldSkin,
    deeper: np.ndarray | float = 0.0,
    deepest: np.ndarray | None = None,
) -> np.ndarray:
    """Give random waves to the smoothed head; return the draw that is least like the old skin.

    Moving a face as a whole, or one half of it, would not make it less alike.

    Parameters
    ----------
    scene, old
        The head.
    deeper : numpy.ndarray or float
        How far below the smoothed head the waves begin, mm.
    deepest : numpy.ndarray, optional
        As far as the skin may go inwards, mm; by default :attr:`.surface.OldSkin.limits`.
    """
    scale = scene.scale
    evenly = featureless(scene, old) - old.signed + deeper
    outmost, inmost = old.limits
    outmost = np.minimum(outmost, scale * OUTWARDS_MM)
    inmost = inmost if deepest is None else deepest
    fields = (evenly, leaning(old, scale), outmost, inmost, old.at_ears)
    width = scale * WAVE_WIDTH_MM
    waves = (bumps(scene.random, old.grid, width, WAVE_SOFTNESS) for _ in range(DRAWS))
    best = likeness.least_alike(old, waves, partial(inwards, scale=scale), fields)
    return old.signed + inwards(refined(best, old.grid), *fields, scale=scale)


def featureless(scene: Scene, old: OldSkin) -> np.ndarray:
    """Return the signed distance, mm, to a skin without features: a stranger's, smoothed.

    Over the ears it is the head's own without them, and all of it where nobody knows where in the
    head the face lies.
    """
    from scipy import ndimage

    mm = scene.scale * SMOOTHING_MM
    own = ndimage.gaussian_filter(old.earless, mm / WORK_MM, mode="nearest")
    if scene.frame_to_lps is None:
        return np.asarray(own)
    stranger = smoothed_stranger(scene.frame_to_lps, old, scene.random, mm)
    return np.asarray((1.0 - old.at_ears) * stranger + old.at_ears * own)


def inwards(
    wave: np.ndarray,
    evenly: np.ndarray,
    lean: np.ndarray,
    outmost: np.ndarray,
    deepest: np.ndarray,
    at_ears: np.ndarray,
    *,
    scale: float,
) -> np.ndarray:
    """Return by how much the skin goes inwards, mm, given waves of -1 to 1.

    Parameters
    ----------
    wave : numpy.ndarray
        The waves; all arrays have its shape.
    evenly : numpy.ndarray
        How far the smoothing alone takes it inwards, mm.
    lean : numpy.ndarray
        From :func:`leaning`.
    outmost, deepest : numpy.ndarray
        As far as it may go outwards and inwards, mm.
    at_ears : numpy.ndarray
        From 0 to 1; see :class:`.surface.OldSkin`.
    scale : float
        The head's size, 1 for a mean one.
    """
    least, most = EAR_INWARDS_MM
    at_ear = least + (most - least) * 0.5 * (1.0 + wave)
    waved = evenly + scale * ((1.0 - at_ears) * WAVE_MM * wave + at_ears * at_ear)
    # Evenly far outwards it would be the old skin once more, a size larger.
    out = -OUT_SHARE * np.abs(waved) - scale * LEAST_OUT_MM
    return np.asarray(np.clip((1.0 - lean) * waved + lean * out, -outmost, deepest))


def leaning(old: OldSkin, scale: float) -> np.ndarray:
    """Return how much, from 0 to 1, the new skin is to go outwards: near thin parts of the head.

    Where the brain or what is kept lies close below the skin, a carved one would show its outline.
    """
    from scipy import ndimage

    thin = smooth_step((ROOM_MM[1] - old.room) / (ROOM_MM[1] - ROOM_MM[0]))
    thin *= 1.0 - (1.0 - EARS_LEAN) * old.at_ears
    wide = ndimage.gaussian_filter(thin, scale * LEAN_WIDTH_MM / WORK_MM)
    return np.asarray(np.clip(LEAN * wide, 0.0, 1.0))
