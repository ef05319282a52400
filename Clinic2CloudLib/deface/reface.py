"""The method ``reface``: an average face and average ears in the patient's place.

The skin of an average of many heads (``training/make_average_face.py``) is laid into the head's
frame, drawn to the kept skin where it meets it, and varied at random, differently for each case:
what stays of the patient's face is where it was, and how large the head is. Under the new skin lie
the layers of this scan's own skin, fat and muscle, with its shading, noise and texture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from ..errors import InputError
from ..progress import Progress
from .grid import Grid, affine_transform, resample
from .put_on import put_on
from .replace import Scene
from .surface import FAR_MM, WORK_MM, OldSkin, blended, old_skin
from .tissue import layered
from .waves import bumps, refined

#: Kept skin within this of the region draws the average face to it, over this width, mm.
BORDER_MM, DRAW_MM = 12.0, 14.0
#: The random variation of the average face, mm, and its width: features stay, proportions change.
VARIATION_MM, VARIATION_WIDTH_MM, VARIATION_SOFTNESS = 3.0, 18.0, 0.8


@dataclass(frozen=True)
class AverageFace:
    """The average head's skin over face and ears, in the head's frame.

    Attributes
    ----------
    grid : Grid
        Where it lies, mm of a mean head.
    signed : numpy.ndarray
        Distance to the skin, mm, negative inside, float32.
    """

    grid: Grid
    signed: np.ndarray


@cache
def average_face() -> AverageFace:
    """Load the average face that is shipped with the package."""
    folder = resources.files(__name__.rpartition(".")[0]) / "atlas"
    with (folder / "average_face.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        signed = data["signed"].astype(np.float32) * float(data["step"])
        return AverageFace(Grid(data["origin"], float(data["spacing"]), signed.shape), signed)


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
    if scene.frame_to_lps is None:
        raise InputError("The finding does not say where the head's frame lies; use smooth.")
    old = old_skin(scene)
    wanted = drawn_to_border(placed(scene.frame_to_lps, old), old)
    wave = bumps(scene.random, old.grid, VARIATION_WIDTH_MM, VARIATION_SOFTNESS)
    skin = blended(scene, old, wanted + VARIATION_MM * refined(wave, old.grid))
    progress(0.4, "Matching the new face's tissue")
    values, changed = put_on(scene, skin, layered(scene, old, skin))
    progress(1.0, "Face replaced by an average one")
    return values, changed


def placed(frame_to_lps: np.ndarray, old: OldSkin) -> np.ndarray:
    """Return the average face's signed distance on the working grid, mm of this head."""
    import SimpleITK as sitk

    average = average_face()
    transform = affine_transform(np.linalg.inv(frame_to_lps))
    like = old.grid.image(np.zeros(old.grid.shape, np.uint8))
    image = sitk.ZeroFluxNeumannPad(average.grid.image(average.signed), [40] * 3, [40] * 3)
    signed = resample(image, like, transform=transform, outside=FAR_MM)
    scale = float(np.cbrt(abs(np.linalg.det(frame_to_lps[:3, :3]))))
    return np.asarray(scale * signed)


def drawn_to_border(wanted: np.ndarray, old: OldSkin) -> np.ndarray:
    """Move the average skin smoothly to where the kept skin begins.

    The difference is known on the kept skin around the region; it is carried on into the region
    and fades there, so that the face's middle stays the average's.
    """
    from scipy import ndimage

    apart = ndimage.distance_transform_edt(~old.region, sampling=WORK_MM)
    border = (apart > 0) & (apart <= BORDER_MM) & (np.abs(old.signed) <= 6.0) & ~old.brain
    if not border.any():
        return wanted
    sigma = DRAW_MM / WORK_MM
    near = ndimage.gaussian_filter(border.astype(np.float64), sigma)
    total = ndimage.gaussian_filter(np.where(border, old.signed - wanted, 0.0), sigma)
    return np.asarray(wanted + total / (near + 0.1 * float(near.max())))
