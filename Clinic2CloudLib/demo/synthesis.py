"""A whole head as an MR or CT volume, made from nothing but formulas and a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .anatomy import cavity, person, surface
from .brain import paint_brain
from .inside import paint_face, paint_soft_tissue
from .shapes import Grid, smooth_min
from .tissue import CT_HU, MR_T1, Canvas

#: Field of view in RAS, mm: room for nose, ears, chin and some neck.
LOW, HIGH = (-97.0, -112.0, -178.0), (97.0, 128.0, 86.0)
#: Voxel size in mm: for slices, rows and columns alike.
SIZES = {"small": 3.2, "standard": 1.5, "fine": 1.2}


@dataclass(frozen=True)
class SyntheticHead:
    """An invented head.

    Attributes
    ----------
    stored : numpy.ndarray
        Shape (K, J, I); uint16 for MR, int16 HU for CT.
    ijk_to_ras : numpy.ndarray
        4 x 4, mm.
    brain : numpy.ndarray
        Boolean, the true brain mask.
    modality : str
        MR or CT.
    """

    stored: np.ndarray
    ijk_to_ras: np.ndarray
    brain: np.ndarray
    modality: str


def make_head(
    *,
    size: str | tuple[int, int, int] = "standard",
    modality: str = "MR",
    seed: int = 0,
    face: bool = True,
) -> SyntheticHead:
    """Make a head: MR in sagittal slices, CT in axial ones.

    Parameters
    ----------
    size : str or tuple of int
        ``"small"`` (3.2 mm), ``"standard"`` (1.5 mm), ``"fine"`` (1.2 mm), or the number of
        slices, rows and columns over the same field of view of 194 x 240 x 264 mm.
    modality : str
        MR or CT, in any case.
    seed : int
        Another seed is another person with other noise.
    face : bool
        Without it the head has no face in front of the skull base: what tests compare with.

    Raises
    ------
    InputError
        For another modality or size.
    """
    modality = modality.upper()
    if modality not in ("MR", "CT"):
        raise InputError(f"a synthetic head is made as MR or CT, not as {modality!r}")
    axes = "xzy" if modality == "MR" else "zyx"
    grid, ijk_to_ras = _grid(axes, _counts(axes, size))
    who = person(seed)
    canvas = Canvas(grid, MR_T1 if modality == "MR" else CT_HU)
    inner = cavity(grid)
    # Skin follows the skull: nowhere closer to the brain than bone and scalp are thick.
    skin = smooth_min(surface(grid, who, face=face), np.maximum(inner - 10.5, -60 - grid.z), 9)
    paint_soft_tissue(canvas, skin, inner)
    if face:
        paint_face(canvas, skin, who)
    brain = paint_brain(canvas, inner, seed)
    rng = np.random.default_rng([seed, 3])
    from scipy import ndimage

    # A scanner's point spread: without it the edges alias into rings on a rendered surface.
    values = ndimage.gaussian_filter(canvas.values, 0.55)
    finish = _mr_signal if modality == "MR" else _ct_signal
    return SyntheticHead(finish(values, grid, rng), ijk_to_ras, brain, modality)


def _counts(axes: str, size: str | tuple[int, int, int]) -> tuple[int, ...]:
    if isinstance(size, str):
        if size not in SIZES:
            raise InputError(f"the size of a synthetic head is one of {', '.join(SIZES)}")
        extent = [HIGH["xyz".index(a)] - LOW["xyz".index(a)] for a in axes]
        return tuple(round(e / SIZES[size]) + 1 for e in extent)
    if len(size) != 3 or not all(8 <= n <= 1024 for n in size):
        raise InputError("the size of a synthetic head is three numbers from 8 to 1024")
    return tuple(size)


def _grid(axes: str, counts: tuple[int, ...]) -> tuple[Grid, np.ndarray]:
    """Lay the axes so that slices read as a radiologist expects.

    Sagittal: slices right to left, rows downwards, columns to the back. Axial: slices upwards,
    rows to the back, columns to the patient's left.
    """
    lines: dict[str, np.ndarray] = {}
    affine = np.eye(4)
    affine[:3, :3] = 0
    for position, (axis, count) in enumerate(zip(axes, counts, strict=True)):
        n = "xyz".index(axis)
        upwards = axis == "z" and axes[0] == "z"
        start, stop = (LOW[n], HIGH[n]) if upwards else (HIGH[n], LOW[n])
        shape = [1, 1, 1]
        shape[position] = count
        lines[axis] = np.linspace(start, stop, count, dtype=np.float32).reshape(shape)
        affine[n, 2 - position] = (stop - start) / (count - 1)
        affine[n, 3] = start
    return Grid(lines["x"], lines["y"], lines["z"]), affine


def _mr_signal(values: np.ndarray, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Coil sensitivity and Rician noise (Gudbjartsson and Patz 1995), as unsigned integers."""
    bias = 1.08 - 0.10 * (grid.y / 110) - 0.08 * (grid.z / 100) ** 2 + 0.05 * (grid.x / 90)
    fading = np.clip((grid.z + 215) / 60, 0.25, 1)
    signal = values * (bias * fading).astype(np.float32)
    noise = np.float32(13)
    real = signal + noise * rng.standard_normal(values.shape, np.float32)
    imaginary = noise * rng.standard_normal(values.shape, np.float32)
    return np.clip(np.rint(np.hypot(real, imaginary)), 0, 4095).astype(np.uint16)


def _ct_signal(values: np.ndarray, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Quantum noise, more of it in the air's darkness than a window shows, as HU."""
    noisy = values + np.float32(9) * rng.standard_normal(values.shape, np.float32)
    return np.clip(np.rint(noisy), -1024, 3071).astype(np.int16)
