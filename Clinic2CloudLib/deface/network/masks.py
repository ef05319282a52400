"""From what the networks drew to masks on the scan's own voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...dicom.model import Volume
from ..atlas import head_atlas, moved
from ..beside import both
from ..brain import brain_mask
from ..frame import HeadFrame, head_frame
from ..grid import (
    Grid,
    affine_transform,
    blank_image,
    cut,
    image_of,
    laid,
    mapped,
    mask_to_voxels,
    part_within,
    resample,
)
from ..region import depth_below, dilate, erode, in_ears, in_face
from . import boxes
from .draw import Drawn
from .landmarks import LANDMARKS
from .locate import Located

if TYPE_CHECKING:
    import SimpleITK as sitk

#: Around the brain, mm: what the replacement never touches.
MARGIN_MM = 6.0
#: The classical brain's margin is so much less: all of it would take a third of the ears, none of
#: it would lay brain bare on a head unlike those that the networks know.
CLASSICAL_LESS_MM = 3.0
#: From this probability on a voxel counts as brain: its margin errs towards too large.
BRAIN_LEAST = 0.3
#: A voxel of the head is outside it with less than this chance: at one half the network's
#: skin lies 0.3 mm outside the label maps'.
OUTSIDE_MOST = 0.4
#: All that is of the head.
DRAWN = [boxes.HEAD, boxes.FACE, boxes.EARS, boxes.BRAIN]
#: Corners of what the face lies in, and of what the left ear does with all that the rule looks at
#: there, in the fine grid's coordinates, mm.
FACE_BOX = (boxes.FINE_GRID.origin, np.array([98.75, 70.0, 58.75]))
EAR_BOX = (np.array([28.0, 30.0, -92.0]), np.array([98.75, 142.0, 52.0]))
#: The depth below the skin is that of the label maps' 1 mm, which counts from a voxel's centre.
TRUTH_MM = 1.0


@dataclass(frozen=True)
class Masks:
    """Boolean, on the volume's own voxels, shape (K, J, I); the brain with its margin."""

    face: np.ndarray
    ears: np.ndarray
    brain: np.ndarray
    head: np.ndarray


def masks_of(located: Located, drawn: Drawn, volume: Volume, values: np.ndarray) -> Masks:
    """Bring everything to the volume's grid; ``values`` are the modality values, (K, J, I)."""
    brain, (face, ears, head) = both(
        lambda: _brain(located, drawn, volume, values),
        lambda: _face_ears_head(located, drawn, volume),
    )
    return Masks(face & ~brain, ears & ~brain, brain, head | face | ears)


def _face_ears_head(
    located: Located, drawn: Drawn, volume: Volume
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return face, ears and head, the brain not taken off; the coarse head beyond the fine one."""
    shape = volume.stored.shape
    head = mask_to_voxels(located.head, located.grid, shape, volume.ijk_to_lps)
    face, ears = np.zeros(shape, bool), np.zeros(shape, bool)
    whole = blank_image(shape, volume.ijk_to_lps)
    part = part_within(whole, mapped(drawn.grid_to_lps, boxes.FINE_GRID.corners()))
    if part is not None:
        like = cut(whole, part)
        ((chance,), covered), (ruled, ruled_ears) = both(
            lambda: _from_frame(drawn, [boxes.OUTSIDE], like),
            lambda: (_ruled(drawn, like), _ruled_ears(drawn, like)),
        )
        outside = np.where(covered, chance, 1.0)
        # Face and head end at one voxel: a rim of head that is no face would hold the old skin.
        own = outside < OUTSIDE_MOST
        head[part] = np.where(covered, own, head[part])
        if ruled is None:
            ruled = _likeliest(drawn, outside, like) == boxes.FACE
        face[part] = ruled & own & covered
        ears[part] = ruled_ears & own & covered & ~face[part]
    return face, ears, head


def _brain(located: Located, drawn: Drawn, volume: Volume, values: np.ndarray) -> np.ndarray:
    """Return the brain with its margin: the fine network's, and the coarse one's beyond it.

    What a network misses on a head unlike those it knows, the classical method may have: the
    average brain in this head's place, and the tissue that is joined to it and looks alike.
    """
    low, high = _box(located)
    grid = Grid(low, boxes.FINE_MM, tuple(np.ceil((high - low) / boxes.FINE_MM).astype(int)[::-1]))
    like = grid.image(np.zeros(grid.shape, np.uint8))
    coarse = resample(located.grid.image(located.brain), like)
    fine, covered = _from_frame(drawn, [boxes.BRAIN], like)
    brain = np.where(covered, fine[0], coarse) > BRAIN_LEAST
    grown = dilate(brain, MARGIN_MM, grid.spacing)
    grown |= _classical_brain(located, drawn, volume, values, grid)
    return mask_to_voxels(grown, grid, volume.stored.shape, volume.ijk_to_lps)


def _classical_brain(
    located: Located, drawn: Drawn, volume: Volume, values: np.ndarray, grid: Grid
) -> np.ndarray:
    """Return the brain with a margin as :mod:`..brain` has it, given where the head lies."""
    like = grid.image(np.zeros(grid.shape, np.uint8))
    prior = moved(head_atlas(), "brain", drawn.frame_to_lps, grid)
    seen = resample(image_of(values, volume.ijk_to_lps), like, outside=float(values.min()))
    head = resample(located.grid.image(located.head), like) > 0.5
    depth = depth_below(head, grid.spacing)
    frame = drawn.frame or head_frame(*mapped(drawn.frame_to_lps, LANDMARKS))
    whole = brain_mask(prior, seen, depth, frame, grid, volume.modality)
    return erode(whole, CLASSICAL_LESS_MM, grid.spacing)


def _box(located: Located) -> tuple[np.ndarray, np.ndarray]:
    """Return the LPS corners of the box around the head, a little larger, mm."""
    index = np.argwhere(located.head > 0.5)[:, ::-1]
    low = located.grid.origin + located.grid.spacing * index.min(0) - 15.0
    return low, located.grid.origin + located.grid.spacing * index.max(0) + 15.0


def _likeliest(drawn: Drawn, outside: np.ndarray, like: sitk.Image) -> np.ndarray:
    """Return the number of each voxel's likeliest class, given the chance of being outside."""
    chances, _ = _from_frame(drawn, DRAWN, like)
    best = outside.copy()
    chosen = np.full(outside.shape, boxes.OUTSIDE, np.uint8)
    for number, chance in zip(DRAWN, chances, strict=True):
        better = chance > best
        chosen[better] = number
        np.maximum(best, chance, out=best)
    return chosen


def _ruled(drawn: Drawn, like: sitk.Image) -> np.ndarray | None:
    """Return the face by the rule in the head's own frame; None where the frame is not known.

    The network draws the same rule, but where the rule cuts through tissue there is nothing to
    see: eyes and brainstem place that border better than it does.
    """
    if drawn.frame is None:
        return None
    grid, head, points = _finer(drawn, drawn.frame, FACE_BOX)
    depth = depth_below(head, grid.spacing) - (grid.spacing - TRUTH_MM) / 2
    face = in_face(points, depth) & head
    # In the air the rule goes on as at the skin: the head's own border is what counts there.
    near = face | (~head & in_face(points, np.zeros(1, np.float32)))
    return laid(near, grid, drawn.grid_to_lps, like)


def _ruled_ears(drawn: Drawn, like: sitk.Image) -> np.ndarray:
    """Return the ears by the rule, in the frame by all of the head where no other is known."""
    frame = drawn.frame or head_frame(*mapped(drawn.frame_to_lps, LANDMARKS))
    ears = np.zeros(like.GetSize()[::-1], bool)
    low, high = EAR_BOX
    right = np.array([-1.0, 1.0, 1.0])
    for corners in (
        EAR_BOX,
        (np.minimum(low * right, high * right), np.maximum(low, high * right)),
    ):
        grid, head, points = _finer(drawn, frame, corners)
        own = in_ears(points, head, grid.spacing)
        ears |= laid(own, grid, drawn.grid_to_lps, like)
    return ears


def _finer(
    drawn: Drawn, frame: HeadFrame, box: tuple[np.ndarray, np.ndarray]
) -> tuple[Grid, np.ndarray, np.ndarray]:
    """Return a part of the fine grid, finer, the head on it, and its points in the head's frame.

    What is out of view counts as head: the depth below the skin does not begin where a scan ends.
    """
    spacing = boxes.FINE_MM * 2 / 3
    low, high = box
    shape = ((high - low)[::-1] / spacing).astype(int) + 1
    grid = Grid(low, spacing, (int(shape[0]), int(shape[1]), int(shape[2])))
    like = grid.image(np.zeros(grid.shape, np.uint8))
    chance = 1.0 - drawn.chances[boxes.OUTSIDE]
    sampled = resample(boxes.FINE_GRID.image(np.where(drawn.inside, chance, 1.0)), like)
    points = frame.from_lps(mapped(drawn.grid_to_lps, grid.points())).astype(np.float32)
    return grid, sampled > 0.5, points


def _from_frame(
    drawn: Drawn, classes: list[int], like: sitk.Image
) -> tuple[list[np.ndarray], np.ndarray]:
    """Sample probabilities of the fine network on a grid in the patient's space.

    Returns
    -------
    chances, covered
        One array for each class, 0 where the fine network did not look; and where it did.
    """
    transform = affine_transform(np.linalg.inv(drawn.grid_to_lps))
    images = [boxes.FINE_GRID.image(np.ascontiguousarray(drawn.chances[n])) for n in classes]
    # A chance is never negative, so the first also says where the grid has no voxels.
    first = resample(images[0], like, transform=transform, outside=-1.0)
    covered = first >= 0
    first[~covered] = 0.0
    rest = [resample(image, like, transform=transform) for image in images[1:]]
    return [first, *rest], covered
