"""Arrays on a volume's grid as SimpleITK images."""

from __future__ import annotations

from typing import Any

import numpy as np

from .model import Volume


def image_on(volume: Volume, array: np.ndarray) -> Any:
    """Return a SimpleITK image on a volume's grid.

    Parameters
    ----------
    volume : Volume
        Gives origin, spacing and direction, in LPS as ITK has them.
    array : numpy.ndarray
        Shape (K, J, I) of the volume.

    Returns
    -------
    SimpleITK.Image
        A gantry tilt cannot be told in ITK's terms; its direction is then the nearest unit vector.
    """
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    spacing = volume.spacing
    image.SetSpacing(spacing)
    image.SetOrigin(tuple(float(x) for x in volume.ijk_to_lps[:3, 3]))
    image.SetDirection((volume.ijk_to_lps[:3, :3] / np.array(spacing)).ravel().tolist())
    return image
