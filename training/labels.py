"""Reading the label maps: tissue classes, landmarks, and the rule applied to anatomy."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from Clinic2CloudLib.deface.frame import HeadFrame, head_frame
from Clinic2CloudLib.deface.grid import Grid, covering_grid, resample
from Clinic2CloudLib.deface.headmask import filled, largest_part
from Clinic2CloudLib.deface.region import (
    BRAIN_MARGIN,
    depth_below,
    dilate,
    ears_of,
    face_of,
    opened,
)

#: FreeSurfer and SynthSeg labels by tissue; all that is not named here is background.
CSF = (4, 5, 14, 15, 24, 43, 44, 72, 502)
WHITE = (2, 7, 16, 28, 41, 46, 60, 85, 251, 252, 253, 254, 255)
GRAY = (
    3,
    8,
    10,
    11,
    12,
    13,
    17,
    18,
    26,
    42,
    47,
    49,
    50,
    51,
    52,
    53,
    54,
    58,
    30,
    62,
    136,
    137,
    163,
    164,
    25,
    57,
)
BRAINSTEM, EYE, SOFT, MUCOSA, SKIN, CORD = 16, 506, 507, 509, 511, 512
BONE, MARROW, FAT = 515, 516, 514
CLASSES = ("csf", "gray", "white", "soft", "bone", "skin", "eye")


@dataclass(frozen=True)
class LabelHead:
    """One head's label map on an isotropic LPS grid, with what follows from its anatomy."""

    name: str
    grid: Grid
    labels: np.ndarray
    frame: HeadFrame
    eyes_apart: float
    body: np.ndarray
    outline: np.ndarray
    brain: np.ndarray
    face: np.ndarray
    ears: np.ndarray


def frame_to_lps(head: LabelHead) -> np.ndarray:
    """Return the 4 x 4 map from the head's frame, mm of a mean head, to LPS, mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = head.frame.axes.T * head.frame.scale
    matrix[:3, 3] = head.frame.origin
    return matrix


def class_map(labels: np.ndarray) -> np.ndarray:
    """Return tissue classes: 0 background, then 1 + index into CLASSES."""
    lut = np.zeros(1024, np.uint8)
    lut[list(CSF)] = 1
    lut[list(GRAY)] = 2
    lut[list(WHITE)] = 3
    lut[[507, 508, 509, 512, 530, 501, 503, 504, 505, 510, 513]] = 4
    lut[[514, 515, 516]] = 5
    lut[511] = 6
    lut[506] = 7
    return lut[labels]


def read_head(path: Path, spacing: float) -> LabelHead:
    """Read one label map and apply the rule to it."""
    import SimpleITK as sitk

    image = sitk.DICOMOrient(sitk.Cast(sitk.ReadImage(str(path)), sitk.sitkInt16), "LPS")
    # The maps are padded with zeros below a cut field of view: the padding is not background.
    whole = sitk.GetArrayFromImage(image)
    lowest = int(np.argwhere(whole > 0)[:, 0].min())
    origin = np.array(image.GetOrigin())
    spacing0 = np.array(image.GetSpacing())

    def centre(mask: np.ndarray) -> np.ndarray:
        return np.argwhere(mask)[:, ::-1].mean(0) * spacing0 + origin

    middle = centre(np.isin(whole, [2, 41]))[0]
    eyes = np.argwhere(whole == EYE)[:, ::-1] * spacing0 + origin
    left = eyes[eyes[:, 0] > middle].mean(0)
    right = eyes[eyes[:, 0] <= middle].mean(0)
    frame = head_frame(left, right, centre(whole == BRAINSTEM))
    apart = float(np.linalg.norm(left - right)) / frame.scale
    cropped = image[:, :, lowest:]
    affine = np.diag([*spacing0, 1.0])
    affine[:3, 3] = cropped.GetOrigin()
    grid = covering_grid(tuple(reversed(cropped.GetSize())), affine, spacing)
    labels = resample(cropped, grid.image(np.zeros(grid.shape, np.uint8)), nearest=True)
    body, outline = label_masks(labels, spacing)
    brain = brain_of(labels, spacing)
    depth = depth_below(outline, spacing)
    around_brain = dilate(brain, BRAIN_MARGIN * frame.scale, spacing)
    face = face_of(outline, depth, frame, grid) & ~around_brain
    ears = ears_of(outline, frame, grid) & ~around_brain & ~face
    return LabelHead(
        path.name.split(".")[0], grid, labels, frame, apart, body, outline, brain, face, ears
    )


def label_masks(labels: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return body and outline of a label map; specks off the skin are the labelling's noise."""
    solid = labels > 0
    core = largest_part(opened(solid, 3.0, spacing) & solid)
    body = filled(largest_part(solid & dilate(core, 4.0, spacing)), spacing, closing=0.0)
    return body, filled(body, spacing, closing=8.0)


def brain_of(labels: np.ndarray, spacing: float) -> np.ndarray:
    """Return brain, brainstem and cerebellum with the CSF between them (sulci closed over 6 mm)."""
    tissue = np.isin(labels, GRAY + WHITE) | np.isin(labels, [4, 43, 14, 15, 5, 44])
    return largest_part(filled(tissue, spacing, closing=6.0))


def train_heads(folder: Path) -> list[Path]:
    """Return the label maps that training may use."""
    return sorted((folder / "heads" / "train" / "labels").glob("*.nii.gz"))
