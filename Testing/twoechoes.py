"""A series of two volumes: each place of a head is imaged twice, the second time half as bright."""

from __future__ import annotations

from pathlib import Path

import pydicom


def write_two_echoes(head: Path, folder: Path) -> Path:
    """Write the head's series with a second echo; return its folder."""
    folder.mkdir(parents=True)
    for number, path in enumerate(sorted(head.iterdir())):
        image = pydicom.dcmread(path)
        image.save_as(folder / f"1_{number:03d}.dcm")
        image.PixelData = (image.pixel_array // 2).astype("<u2").tobytes()
        image.SOPInstanceUID += ".2"
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.EchoTime = 90.0
        image.InstanceNumber = int(image.InstanceNumber) + 1000
        image.save_as(folder / f"2_{number:03d}.dcm")
    return folder
