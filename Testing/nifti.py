"""Reading the heads that lie as NIfTI files."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read_nifti(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A file's values, shape (K, J, I), and its affine to LPS in mm."""
    import SimpleITK as sitk

    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image), affine
