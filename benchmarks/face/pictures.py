"""Pictures of each version's skin, all heads upright and at one scale, for the instruments.

The head's own frame turns the head to the camera, so that a face lies at the same place of every
picture and no instrument need find it first; sizes stay as they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from Clinic2CloudLib.deface.grid import corners, mapped
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.preview.render import render_views
from Clinic2CloudLib.preview.surface import Transfer
from Clinic2CloudLib.preview.views import VIEW_ANGLE, Frame

from .prepared import Prepared, control
from .surfaces import LPS_TO_RAS, values_of

VIEWS = ("front", "left_30", "right_30", "left_60", "right_60")
SIZE, HEIGHT_MM = 400, 270.0
#: The head as far as the neck, in its frame, mm.
LOW, HIGH = np.array([-110.0, -70.0, -150.0]), np.array([110.0, 145.0, 120.0])
#: What the cameras look at: below the eyes, in the middle of the face's depth.
CENTRE = (0.0, -20.0, -25.0)
#: Beside the methods: the original, another look at it, and traps that must not pass or must fire.
ORIGINAL, CONTROL, BLUR, SKULL, BACK = "original", "control", "blur", "skull", "back"
BLUR_MM = 3.0


def pictures(prepared: Prepared, version: str, folder: Path) -> list[Path]:
    """Return the pictures of a version, drawing those that are missing."""
    views = ("back",) if version == BACK else VIEWS
    paths = [folder / f"{prepared.head.name}.{version}.{view}.png" for view in views]
    if not all(path.is_file() for path in paths):
        from PIL import Image

        folder.mkdir(parents=True, exist_ok=True)
        drawn = _drawn(prepared, version, views)
        for path, view in zip(paths, views, strict=True):
            Image.fromarray(drawn[view]).save(path)
    return paths


def _drawn(prepared: Prepared, version: str, views: tuple[str, ...]) -> dict[str, np.ndarray]:
    volume, kept = prepared.head.read(), prepared.load("found")
    transfer = Transfer(float(kept["level"]), float(kept["air"]))
    values, transfer = _values(prepared, version, volume, transfer)
    upright = np.eye(4)
    u, _, vt = np.linalg.svd(kept["frame"][:3, :3])
    upright[:3, :3] = (u @ vt).T
    upright[:3, 3] = -upright[:3, :3] @ kept["frame"][:3, 3]
    affine = upright @ volume.ijk_to_lps
    index = mapped(np.linalg.inv(affine), corners(LOW, HIGH))
    size = np.array(volume.stored.shape[::-1])
    low = np.clip(np.floor(index.min(0)).astype(int), 0, size - 2)
    high = np.clip(np.ceil(index.max(0)).astype(int) + 1, low + 2, size)
    affine[:3, 3] = mapped(affine, low.astype(float))
    part = values[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    away = 0.5 * HEIGHT_MM / np.tan(np.radians(VIEW_ANGLE / 2))
    x, y, z = LPS_TO_RAS[:3, :3] @ CENTRE
    camera = Frame((float(x), float(y), float(z)), float(away))
    return render_views(part, LPS_TO_RAS @ affine, volume.modality, transfer, views, SIZE, camera)


def _values(
    prepared: Prepared, version: str, volume: Volume, transfer: Transfer
) -> tuple[np.ndarray, Transfer]:
    """Return a version's modality values, and the level of its skin."""
    from scipy import ndimage

    values = volume.values()
    if version in (ORIGINAL, BACK):
        return values, transfer
    if version == CONTROL:
        return control(values, prepared.finding(volume), volume, transfer)
    if version == BLUR:
        sigma = BLUR_MM / np.array(volume.spacing[::-1])
        return ndimage.gaussian_filter(values, sigma), transfer
    if version == SKULL:
        # Bone as the only body: what a scan stripped of its soft tissue looks like. CT only.
        return values, Transfer(250.0, transfer.air)
    return values_of(volume, prepared.stored(version, volume)[0]), transfer
