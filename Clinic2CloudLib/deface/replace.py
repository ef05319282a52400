"""Replacing the face: one interface over the methods, and what they share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..dicom.model import Volume
from ..errors import InputError
from ..progress import Progress, silent
from .background import air_values, padding_of
from .beside import both
from .grid import box_around
from .model import FaceFinding, FaceMethod, FaceReplacement
from .scan import hu_offset

if TYPE_CHECKING:
    from .put_on import Filling
    from .surface import NewSkin, OldSkin
    from .tissue import Tissue


@dataclass(frozen=True)
class Scene:
    """What a method is given: the part of a volume around face and ears.

    Attributes
    ----------
    values : numpy.ndarray
        Modality values of the part, float32, shape (K, J, I).
    region, ears, head, brain : numpy.ndarray
        Face and ears; the ears; the head; the brain with its margin. Boolean, same shape.
    ijk_to_lps : numpy.ndarray
        Affine of the part, 4 x 4.
    modality : str
        CT or other.
    air : numpy.ndarray
        Values of the scan's own background near the face: what carved voxels are drawn from.
    random : numpy.random.Generator
        Seeded from the caller's seed only.
    hu_offset : float
        What to add to a CT's values to get HU: not 0 for a CT that lost its intercept.
    frame_to_lps : numpy.ndarray or None
        Where the average head lies, 4 x 4; see :class:`.model.FaceFinding`.
    """

    values: np.ndarray
    region: np.ndarray
    ears: np.ndarray
    head: np.ndarray
    brain: np.ndarray
    ijk_to_lps: np.ndarray
    modality: str
    air: np.ndarray
    random: np.random.Generator
    hu_offset: float = 0.0
    frame_to_lps: np.ndarray | None = None

    @property
    def spacing_kji(self) -> np.ndarray:
        """Spacing along k, j and i, mm."""
        return np.linalg.norm(self.ijk_to_lps[:3, :3], axis=0)[::-1]

    @property
    def scale(self) -> float:
        """The head's size beside a mean one: waves as large as a man's make horns on a child."""
        if self.frame_to_lps is None:
            return 1.0
        size = float(np.cbrt(abs(np.linalg.det(self.frame_to_lps[:3, :3]))))
        return min(max(size, SIZES[0]), SIZES[1])


@dataclass(frozen=True)
class Method:
    """What the methods differ in.

    Attributes
    ----------
    new_skin : callable
        Returns the skin that it wants in place of the old one.
    filling : callable
        Returns what is to lie under it.
    """

    new_skin: Callable[[Scene, OldSkin], NewSkin]
    filling: Callable[[Scene, OldSkin, NewSkin, Tissue], Filling]


#: Heads are no smaller and no larger than this, a mean one being 1.
SIZES = (0.6, 1.2)
#: Around face and ears, mm: how far a method may look and fill.
AROUND_MM = 24.0


def replace_face(
    volume: Volume,
    finding: FaceFinding,
    method: FaceMethod,
    seed: bytes | int,
    progress: Progress | None = None,
) -> FaceReplacement:
    """Replace face and ears by something that is nobody's.

    Parameters
    ----------
    volume : Volume
        The scan.
    finding : FaceFinding
        From :func:`Clinic2CloudLib.deface.find_face`, with status ``found`` or ``uncertain``.
    method : {'smooth', 'remove', 'reface'}
        How.
    seed : bytes or int
        What all randomness is drawn from: the same seed gives the same bytes.
    progress : Progress, optional
        Told how far it is.

    Returns
    -------
    FaceReplacement
        New stored values, equal to the original's outside the mask. The mask holds no voxel of the
        brain and its margin.

    Raises
    ------
    InputError
        When there is no face to replace, or the method is not there.
    """
    report = progress or silent
    # An uncertain one is replaced as well, and held for a person.
    if finding.status not in ("found", "uncertain") or finding.face is None or finding.ears is None:
        raise InputError("A face can only be replaced where one was found.")
    if finding.brain is None or finding.head is None:
        raise InputError("The finding lacks the brain or the head, so the face is left alone.")
    way = _method(method)
    region = (finding.face | finding.ears) & ~finding.brain
    part = box_around(region, [int(np.ceil(AROUND_MM / s)) for s in reversed(volume.spacing)])
    if part is None:
        raise InputError("The finding holds no voxel of a face.")
    whole = volume.values()
    values = whole[part]
    head, brain = finding.head[part], finding.brain[part]
    affine = volume.ijk_to_lps.copy()
    first = np.array([part[2].start, part[1].start, part[0].start])
    affine[:3, 3] += affine[:3, :3] @ first
    offset = hu_offset(whole, volume.modality)
    scene = Scene(
        values,
        region[part],
        finding.ears[part] & ~brain,
        head,
        brain,
        affine,
        volume.modality,
        air_values(values, head, whole, volume, offset),
        generator(seed),
        offset,
        finding.frame_to_lps,
    )
    report(0.1, "Replacing the face")
    new, changed = _with_new_skin(scene, way, report)
    changed &= ~brain & ~padding_of(values, volume.modality, offset)
    stored = volume.stored.copy()
    stored[part] = _to_stored(new, changed, volume, part)
    mask = np.zeros(volume.stored.shape, bool)
    mask[part] = changed
    report(1.0, "Face replaced")
    return FaceReplacement(mask, stored, method)


def _method(name: str) -> Method:
    from .tissue import evenly, layered

    if name == "smooth":
        from .smooth import smooth

        return Method(smooth, evenly)
    if name == "remove":
        from .remove import remove

        return Method(remove, layered)
    if name == "reface":
        from .reface import reface

        return Method(reface, layered)
    raise InputError("The method of face replacement is none of smooth, remove and reface.")


def _with_new_skin(scene: Scene, way: Method, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Return new modality values with a method's skin, and which voxels changed."""
    from .put_on import put_on
    from .surface import old_skin
    from .tissue import tissue_of

    def skins() -> tuple[OldSkin, NewSkin]:
        old = old_skin(scene)
        return old, way.new_skin(scene, old)

    (old, skin), tissue = both(skins, lambda: tissue_of(scene))
    progress(0.6, "Filling the new face")
    return put_on(scene, skin, way.filling(scene, old, skin, tissue))


def generator(seed: bytes | int) -> np.random.Generator:
    """Return a generator that depends on the seed alone (PCG64 over the seed's SHA-256)."""
    if isinstance(seed, int):
        seed = str(seed).encode()
    digest = hashlib.sha256(b"clinic2cloud face\0" + seed).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def gaussian_noise(random: np.random.Generator, count: int) -> np.ndarray:
    """Return nearly normal noise of unit variance, float32, shape (count,).

    A sum of four uniform numbers: integers and additions only, so the same on every machine.
    """
    total = random.integers(0, 1 << 16, size=(4, count), dtype=np.uint16).astype(np.float64).sum(0)
    return ((total / 65536.0 - 2.0) * np.sqrt(3.0)).astype(np.float32)


def _to_stored(
    new: np.ndarray, changed: np.ndarray, volume: Volume, part: tuple[slice, slice, slice]
) -> np.ndarray:
    """Return stored values of the part: slope and intercept per slice undone, range kept."""
    old = volume.stored[part]
    slices = volume.slices[part[0]]
    slope = np.array([s.slope for s in slices], np.float64)[:, None, None]
    intercept = np.array([s.intercept for s in slices], np.float64)[:, None, None]
    raw = np.rint((new.astype(np.float64) - intercept) / slope)
    raw = np.clip(raw, float(volume.stored.min()), float(volume.stored.max()))
    return np.where(changed, raw.astype(volume.stored.dtype), old)
