"""Heads with known tissues: label maps rendered as MR images, and volumes to run pipelines on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from Clinic2CloudLib.dicom.model import SliceSource, Volume
from Testing.nifti import read_nifti

CSF_LABELS = (4, 5, 14, 15, 24, 25, 30, 43, 44, 57, 62, 72, 136, 137, 163, 164)
GREY_LABELS = (3, 8, 10, 11, 12, 13, 17, 18, 26, 42, 47, 49, 50, 51, 52, 53, 54, 58)
WHITE_LABELS = (2, 7, 16, 28, 41, 46, 60, 85)
VENTRICLES = (4, 5, 14, 15, 43, 44, 72)

#: Mean intensities of air, CSF, grey, white, bone, marrow, muscle, skin and fat, eye, vessel.
LOOKS = {
    "T1": (8, 45, 110, 150, 25, 140, 95, 190, 40, 80),
    "T2": (8, 220, 130, 95, 15, 110, 50, 130, 230, 30),
}


def read_labels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels (K, J, I) and their affine to LPS."""
    values, affine = read_nifti(path)
    return np.rint(values).astype(np.int32), affine


def render_mr(labels: np.ndarray, look: str, seed: int = 0, shading: float = 0.25) -> np.ndarray:
    """An MR-like image of a label map: partial volume, texture, coil shading, Rician noise."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    kind = np.zeros(1024, np.uint8)
    for group, members in enumerate(
        (
            CSF_LABELS, GREY_LABELS, WHITE_LABELS, (515, 514), (516,), (507, 508, 512, 530),
            (511, 509), (506,), (502,),
        ),
        1,
    ):  # fmt: skip
        kind[list(members)] = group
    levels = np.array(LOOKS[look], np.float32)
    classes = kind[labels]
    image = levels[classes] * (1 + 0.04 * random.standard_normal(labels.shape, np.float32))
    # Soft tissue is mottled at the scale of muscles and fat pads.
    mottle = ndimage.gaussian_filter(random.standard_normal(labels.shape, np.float32), 4)
    image += np.where((classes == 6) | (classes == 5), 30 * mottle / mottle.std(), 0)
    image = ndimage.gaussian_filter(np.maximum(image, 0), 0.6)
    z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in labels.shape)
    field = 1 + shading * (
        0.7 * z[:, None, None] + 0.5 * y[None, :, None] - 0.4 * x[None, None, :] ** 2
    )
    noise = 4.0
    real = image * field + noise * random.standard_normal(labels.shape, np.float32)
    other = noise * random.standard_normal(labels.shape, np.float32)
    return np.hypot(real, other)


def as_volume(values: np.ndarray, affine: np.ndarray, modality: str = "MR") -> Volume:
    stored = np.clip(np.rint(values), 0, 4095).astype(np.uint16)
    if modality == "CT":
        stored = np.clip(np.rint(values + 1024), 0, 4095).astype(np.uint16)
    intercept = -1024.0 if modality == "CT" else 0.0
    return Volume(
        stored,
        affine,
        tuple(SliceSource(k, 0, 1.0, intercept) for k in range(len(stored))),
        modality,
    )


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))
