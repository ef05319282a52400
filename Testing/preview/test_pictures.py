"""Single images are shown before and after, with what was painted over outlined."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from Clinic2CloudLib.preview.pictures import (
    MOST_PICTURES,
    Shown,
    chosen,
    shown_frame,
    write_pictures,
)
from Clinic2CloudLib.preview.sheet import OUTLINE


def image(pixels: np.ndarray, photometric: str = "MONOCHROME2") -> bytes:
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = pixels.tobytes()
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1", "RGB"])
def test_sheet_outlines_what_changed(tmp_path: Path, photometric: str) -> None:
    random = np.random.default_rng(1)
    shape = (60, 80, 3) if photometric == "RGB" else (60, 80)
    before = random.integers(0, 255, shape, np.uint8)
    after = before.copy()
    after[10:20, 10:50] = 0
    shown = Shown(image(before, photometric), image(after, photometric), boxes=1)
    path = write_pictures([shown], tmp_path / "preview")
    assert path is not None
    sheet = np.asarray(Image.open(path))
    assert (sheet == OUTLINE).all(axis=-1).sum() > 200


def test_what_monochrome1_stores_as_dark_is_shown_bright() -> None:
    pixels = np.array([[0, 255], [10, 245]], np.uint8)
    for photometric, bright in (("MONOCHROME2", pixels), ("MONOCHROME1", 255 - pixels)):
        dataset = pydicom.dcmread(io.BytesIO(image(pixels, photometric)))
        assert np.array_equal(shown_frame(dataset, 0), bright)


def test_unchanged_images_have_no_outline(tmp_path: Path) -> None:
    raw = image(np.full((40, 40), 90, np.uint8))
    path = write_pictures([Shown(raw, raw, 0)], tmp_path / "preview")
    assert path is not None
    assert not (np.asarray(Image.open(path)) == OUTLINE).all(axis=-1).any()


def test_what_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    assert write_pictures([Shown(b"no image", b"no image", 0)], tmp_path / "preview") is None
    assert not (tmp_path / "preview").exists()


def test_painted_images_come_first_and_the_rest_is_spread() -> None:
    shown = [Shown(b"", b"", int(number in (7, 30))) for number in range(40)]
    numbers = chosen(shown)
    assert len(numbers) == MOST_PICTURES
    assert {7, 30} <= set(numbers) and 0 in numbers and 39 in numbers
    assert numbers == sorted(numbers)
