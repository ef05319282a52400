"""Burned-in annotation is found and painted over; images without text stay as they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from Clinic2CloudLib.dicom.decode import decode_frames
from Clinic2CloudLib.dicom.model import Instance
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.errors import NotDeidentifiableError
from Clinic2CloudLib.pixels.risk import slide_label_risk, text_risk
from Clinic2CloudLib.pixels.text import find_text, redact
from Clinic2CloudLib.steps import texts
from Clinic2CloudLib.steps.texts import remove_text

pytest.importorskip("rapidocr_onnxruntime")


def speckle(rows: int = 400, columns: int = 560, seed: int = 1) -> np.ndarray:
    """An ultrasound-like picture without text, uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.rayleigh(40, (rows // 8, columns // 8)).clip(0, 160).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC))


def with_text(picture: np.ndarray, text: str, row: int = 20, column: int = 30) -> np.ndarray:
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((column, row), text, fill=230, font=ImageFont.load_default(22))
    return np.asarray(image)


def ultrasound(frames: np.ndarray) -> tuple[Instance, bytes]:
    """A secondary capture of these frames, and how the index sees it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.5"
    dataset.Modality, dataset.PatientID = "US", "1"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    dataset.PixelData = frames.tobytes()
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return instance_of(buffer.getvalue()), buffer.getvalue()


def instance_of(raw: bytes) -> Instance:
    from Clinic2CloudLib.dicom.model import SourceFile

    header = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True)
    return Instance(
        SourceFile("x.dcm", lambda: raw),
        header.SOPInstanceUID,
        header.SOPClassUID,
        header.SeriesInstanceUID,
        header.StudyInstanceUID,
        header.PatientID,
        header.Modality,
        header.file_meta.TransferSyntaxUID,
        header.Rows,
        header.Columns,
        int(header.get("NumberOfFrames", 1)),
        header.SamplesPerPixel,
        header.PhotometricInterpretation,
        tuple(header.get("ImageType", ())),
        header.get("BurnedInAnnotation", ""),
        "",
    )


def test_a_name_and_a_date_are_found_and_gone_and_the_rest_is_untouched() -> None:
    clean = speckle()
    shown = with_text(with_text(clean, "DOE JANE 12.03.1961"), "MRN 4711-0815", 350, 300)
    item, raw = ultrasound(shown[None])
    outcome = remove_text(item, raw, "auto")
    assert len(outcome.boxes) >= 2
    after = decode_frames(outcome.raw)[0]
    inside = np.zeros(shown.shape, bool)
    for box in outcome.boxes:
        inside[box.top : box.bottom, box.left : box.right] = True
    assert np.array_equal(after[~inside], shown[~inside])
    written = shown != clean
    assert inside[written].mean() > 0.995
    assert find_text(after[None], "MONOCHROME2") == []


def test_dark_text_on_a_bright_picture_is_found() -> None:
    shown = 255 - with_text(speckle() // 2, "SMITH JOHN M 45Y")
    assert find_text(shown[None], "MONOCHROME2")


def test_text_on_a_few_frames_of_a_cine_is_painted_over_on_all() -> None:
    frames = np.stack([speckle(seed=i) for i in range(12)])
    for number in (4, 5):
        frames[number] = with_text(frames[number], "NAKAMURA KENJI")
    item, raw = ultrasound(frames)
    outcome = remove_text(item, raw, "auto")
    after = decode_frames(outcome.raw)
    assert outcome.boxes
    assert len(after) == 12
    assert find_text(after[4:6], "MONOCHROME2") == []


def test_a_picture_without_text_keeps_its_bytes() -> None:
    item, raw = ultrasound(speckle()[None])
    outcome = remove_text(item, raw, "auto")
    assert outcome.raw == raw
    assert outcome.checked and not outcome.boxes


def test_switched_off_is_said_and_nothing_is_touched() -> None:
    item, raw = ultrasound(with_text(speckle(), "DOE JANE")[None])
    outcome = remove_text(item, raw, "off")
    assert outcome.raw == raw
    assert not outcome.checked
    assert outcome.reason


def test_text_still_readable_afterwards_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    item, raw = ultrasound(with_text(speckle(), "DOE JANE 12.03.1961")[None])

    def faint(frames: np.ndarray, boxes: list) -> dict:
        edits = redact(frames, boxes)
        for number, edit in edits.items():
            edit.stored[...] = frames[number]
        return edits

    monkeypatch.setattr(texts, "redact", faint)
    with pytest.raises(NotDeidentifiableError, match="still readable"):
        remove_text(item, raw, "auto")


def on_disk(path: Path) -> texts.TextOutcome:
    with open_source(path) as source:
        item = find_series(source).series[0].instances[0]
        return remove_text(item, path.read_bytes(), "auto")


def test_a_radiograph_with_a_burned_in_name_and_birth_date(shared_data: Path) -> None:
    assert len(on_disk(shared_data / "text" / "cr_chest_name_dob.dcm").boxes) >= 3


def test_a_fused_colour_image_without_text_is_not_touched(shared_data: Path) -> None:
    outcome = on_disk(shared_data / "text" / "pet_fusion_rgb.dcm")
    assert outcome.checked and not outcome.boxes


def test_scanner_images_are_not_at_risk_and_captures_are() -> None:
    item, _ = ultrasound(speckle()[None])
    assert text_risk(item)
    import dataclasses

    plain = dataclasses.replace(
        item, modality="MR", sop_class_uid="1.2.840.10008.5.1.4.1.1.4", image_type=("ORIGINAL",)
    )
    assert text_risk(plain) is None
    assert text_risk(dataclasses.replace(plain, burned_in_annotation="YES"))
    assert text_risk(dataclasses.replace(plain, image_type=("DERIVED", "SCREEN SAVE")))
    assert text_risk(dataclasses.replace(plain, samples_per_pixel=3))
    mask = dataclasses.replace(plain, modality="SEG")
    assert text_risk(mask) is None


@pytest.mark.parametrize("method", ["auto", "off"])
@pytest.mark.parametrize("kind", ["LABEL", "OVERVIEW", ""])
def test_a_slides_label_never_passes(method: str, kind: str) -> None:
    import dataclasses

    item, raw = ultrasound(np.full((1, 40, 60), 200, np.uint8))
    slide = dataclasses.replace(
        item,
        modality="SM",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.77.1.6",
        image_type=("ORIGINAL", "PRIMARY", kind, "NONE"),
    )
    with pytest.raises(NotDeidentifiableError, match="label"):
        remove_text(slide, raw, method)


def test_a_slides_tiles_and_thumbnail_are_no_label() -> None:
    import dataclasses

    item, _ = ultrasound(np.full((1, 40, 60), 200, np.uint8))
    for kind in ("VOLUME", "THUMBNAIL"):
        slide = dataclasses.replace(
            item,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.77.1.6",
            image_type=("DERIVED", "PRIMARY", kind, "RESAMPLED"),
        )
        assert slide_label_risk(slide) is None
