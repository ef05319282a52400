"""Invented single images with text burned in, as ultrasound machines make them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from Clinic2CloudLib.pixels.text import TextBox

ROOT = "1.2.826.0.1.3680043.8.498.77"
US_CINE, US_STILL = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.6.1"
NAME = "MARENHOLZ HILDE"


def speckle(rows: int, columns: int, seed: int) -> np.ndarray:
    """A fan of speckle on black, uint8, shape (rows, columns)."""
    noise = np.random.default_rng(seed).gamma(2.0, 22.0, (rows, columns))
    row, column = np.mgrid[:rows, :columns]
    down, across = row - 0.12 * rows, column - columns / 2
    fan = (np.hypot(down, across) < 0.8 * rows) & (down > np.abs(across) * 0.9)
    return np.where(fan, np.clip(noise, 0, 200), 0).astype(np.uint8)


def with_words(picture: np.ndarray, words: str, row: int, column: int) -> np.ndarray:
    """The picture with words in bright letters."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((column, row), words, fill=235, font=ImageFont.load_default(18))
    return np.asarray(image)


def find_bright(frames: np.ndarray, photometric: str) -> list[TextBox]:
    """Find the words of these images by their brightness: as the text engine does, but at once."""
    bright = (frames if frames.ndim == 3 else frames.min(axis=-1)).max(axis=0) > 225
    if not bright.any():
        return []
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    top, left, bottom, right = rows[0] - 2, columns[0] - 2, rows[-1] + 3, columns[-1] + 3
    return [TextBox(int(top), int(left), int(bottom), int(right))]


def write_ultrasound(folder: Path, frames: int = 9) -> Path:
    """Write a series: a cine in colour with a name, and a smaller gray still without one."""
    folder.mkdir(parents=True)
    cine = np.stack([speckle(260, 360, seed) for seed in range(frames)])
    cine = np.stack([with_words(frame, NAME, 8, 12) for frame in cine])
    colour = np.repeat(cine[..., None], 3, axis=-1)
    colour[:, 120:150, 150:190, 2] //= 2  # a colour window
    _write(folder / "IM1.dcm", colour, US_CINE, 1)
    _write(folder / "IM2.dcm", speckle(200, 240, 99)[None], US_STILL, 2)
    return folder


def _write(path: Path, frames: np.ndarray, kind: str, number: int) -> None:
    """Write frames, uint8, shape (frames, rows, columns) or (..., 3)."""
    made = pydicom.Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = kind
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = f"{ROOT}.3.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    made.Modality, made.PatientName, made.PatientID = "US", "Marenholz^Hilde", "88-1234"
    made.PatientBirthDate, made.PatientSex = "19520307", "F"
    made.StudyDate, made.StudyTime, made.StudyID = "20240305", "101500", "S1"
    made.AccessionNumber, made.ReferringPhysicianName = "A-4711", ""
    made.SeriesNumber, made.InstanceNumber = 1, number
    made.SeriesDescription, made.ImageType = "abdomen", ["ORIGINAL", "PRIMARY"]
    made.Rows, made.Columns = frames.shape[1:3]
    colour = frames.ndim == 4
    made.SamplesPerPixel = 3 if colour else 1
    made.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        made.PlanarConfiguration = 0
    if len(frames) > 1:
        made.NumberOfFrames = len(frames)
        made.FrameTime, made.FrameIncrementPointer = "40", 0x00181063
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = frames.tobytes() + b"\0" * (frames.size % 2)
    made.save_as(path, enforce_file_format=True)
