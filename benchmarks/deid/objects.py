"""Instances that refer to others or hold many parts: RT, SEG, SR, enhanced; and burned-in text."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from .answers import Place
from .people import Person
from .planter import EXPLICIT, MR, Made, Planter


def _reference(made: Made, image: Made, place: Place) -> Dataset:
    """Return an item that refers to an image, and write down that it must go on to."""
    item = Dataset()
    item.ReferencedSOPClassUID = MR
    item.ReferencedSOPInstanceUID = image.ds.SOPInstanceUID
    made.check("uid_consistent", "ReferencedSOPInstanceUID", image.ds.SOPInstanceUID, place)
    made.check("uid_changed", "ReferencedSOPInstanceUID", image.ds.SOPInstanceUID, place)
    made.check("text_retained", "ReferencedSOPClassUID", MR, place)
    return item


def structures(planter: Planter, person: Person, images: list[Made]) -> None:
    """An RT Structure Set: names in labels, references three deep."""
    made = planter.file(person, "RTSTRUCT", "1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT")
    ds = made.ds
    ds.StructureSetLabel, ds.ReviewerName = planter.word(), planter.word()
    made.leak("structure set label", ds.StructureSetLabel.encode())
    made.leak("reviewer", str(ds.ReviewerName).encode())
    frame, study, series, roi = Dataset(), Dataset(), Dataset(), Dataset()
    place: Place = [[0x30060010, 0], [0x30060012, 0], [0x30060014, 0]]
    series.SeriesInstanceUID = images[0].ds.SeriesInstanceUID
    made.check("uid_consistent", "SeriesInstanceUID", series.SeriesInstanceUID, place)
    series.ContourImageSequence = Sequence(
        [_reference(made, im, [*place, [0x30060016, n]]) for n, im in enumerate(images)]
    )
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = ds.StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    frame.FrameOfReferenceUID = f"{person.root}.9"
    made.check("uid_consistent", "FrameOfReferenceUID", f"{person.root}.9", place[:1])
    frame.RTReferencedStudySequence = Sequence([study])
    ds.ReferencedFrameOfReferenceSequence = Sequence([frame])
    roi.ROINumber, roi.ReferencedFrameOfReferenceUID = 1, f"{person.root}.9"
    roi.ROIName = planter.word()
    roi.ROIDescription = f"tumor of {person.family}"
    made.leak("ROI name", roi.ROIName.encode())
    made.check("text_retained", "ROINumber", "1", [[0x30060020, 0]])
    made.check(
        "uid_consistent", "ReferencedFrameOfReferenceUID", f"{person.root}.9", [[0x30060020, 0]]
    )
    ds.StructureSetROISequence = Sequence([roi])
    contours, contour = Dataset(), Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 3
    contour.ContourData = [0, 0, 0, 1, 0, 0, 1, 1, 0]
    contours.ReferencedROINumber, contours.ContourSequence = 1, Sequence([contour])
    ds.ROIContourSequence = Sequence([contours])
    made.check("text_retained", "NumberOfContourPoints", "3", [[0x30060039, 0], [0x30060040, 0]])
    made.check("text_notnull", "ContourData", "", [[0x30060039, 0], [0x30060040, 0]])
    made.write(EXPLICIT)


def segmentation(planter: Planter, person: Person, images: list[Made]) -> None:
    """A Segmentation whose frames refer to images."""
    made = planter.file(person, "SEG", "1.2.840.10008.5.1.4.1.1.66.4", "SEG")
    ds = made.ds
    made.pixels(frames=len(images))
    ds.ContentCreatorName, ds.ContentDescription = planter.word(), f"brain of {person.family}"
    made.leak("content creator", str(ds.ContentCreatorName).encode())
    series = Dataset()
    series.SeriesInstanceUID = images[0].ds.SeriesInstanceUID
    series.ReferencedInstanceSequence = Sequence(
        [_reference(made, im, [[0x00081115, 0], [0x0008114A, n]]) for n, im in enumerate(images)]
    )
    ds.ReferencedSeriesSequence = Sequence([series])
    made.check("uid_consistent", "SeriesInstanceUID", series.SeriesInstanceUID, [[0x00081115, 0]])
    segment, category = Dataset(), Dataset()
    category.CodeValue, category.CodingSchemeDesignator = "123037004", "SCT"
    category.CodeMeaning = "Anatomical Structure"
    segment.SegmentNumber, segment.SegmentAlgorithmType = 1, "MANUAL"
    segment.SegmentLabel = "Brain"
    segment.SegmentedPropertyCategoryCodeSequence = Sequence([category])
    ds.SegmentSequence = Sequence([segment])
    inside: Place = [[0x00620002, 0]]
    made.check("text_retained", "SegmentNumber", "1", inside)
    made.check("text_retained", "CodeValue", "123037004", [*inside, [0x00620003, 0]])
    groups = []
    for n, image in enumerate(images):
        group, derivation = Dataset(), Dataset()
        place: Place = [[0x52009230, n], [0x00089124, 0], [0x00082112, 0]]
        derivation.SourceImageSequence = Sequence([_reference(made, image, place)])
        group.DerivationImageSequence = Sequence([derivation])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    made.write(EXPLICIT)


def report(planter: Planter, person: Person, images: list[Made]) -> None:
    """A structured report: people, places, dates and sentences as content items."""
    made = planter.file(person, "SR", "1.2.840.10008.5.1.4.1.1.88.33", "SR")
    ds = made.ds
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = Sequence([_code("126000", "DCM", "Imaging Measurement Report")])
    made.check("text_retained", "CodeValue", "126000", [[0x0040A043, 0]])
    rows = (
        ("PNAME", "121008", "Person Observer Name", "PersonName", planter.word()),
        ("TEXT", "121071", "Finding", "TextValue", f"mass seen by Dr. {person.doctor_word}"),
        ("TEXT", "121029", "Subject Name", "TextValue", planter.word()),
        ("UIDREF", "112039", "Tracking Identifier", "UID", f"{person.root}.77"),
        ("DATETIME", "121125", "DateTime of Recording", "DateTime", "20240229000130"),
    )
    items = []
    for kind, value, meaning, keyword, text in rows:
        item = Dataset()
        item.RelationshipType, item.ValueType = "CONTAINS", kind
        item.ConceptNameCodeSequence = Sequence([_code(value, "DCM", meaning)])
        setattr(item, keyword, text)
        items.append(item)
    made.leak("person observer", rows[0][4].encode())
    made.leak("finding: doctor", person.doctor_word.encode())
    made.leak("subject name", rows[2][4].encode())
    made.leak("UID of content", rows[3][4].encode())
    number = Dataset()
    number.RelationshipType, number.ValueType = "CONTAINS", "NUM"
    number.ConceptNameCodeSequence = Sequence([_code("410668003", "SCT", "Length")])
    measured = Dataset()
    measured.NumericValue = "12.5"
    measured.MeasurementUnitsCodeSequence = Sequence([_code("mm", "UCUM", "millimeter")])
    number.MeasuredValueSequence = Sequence([measured])
    ds.ContentSequence = Sequence([number, *items])
    place: Place = [[0x0040A730, 0], [0x0040A300, 0]]
    made.check("text_retained", "NumericValue", "12.5", place)
    made.check("text_retained", "CodeValue", "410668003", [[0x0040A730, 0], [0x0040A043, 0]])
    evidence, series = Dataset(), Dataset()
    place = [[0x0040A375, 0], [0x00081115, 0]]
    series.SeriesInstanceUID = images[0].ds.SeriesInstanceUID
    series.ReferencedSOPSequence = Sequence(
        [_reference(made, im, [*place, [0x00081199, n]]) for n, im in enumerate(images)]
    )
    evidence.StudyInstanceUID = ds.StudyInstanceUID
    evidence.ReferencedSeriesSequence = Sequence([series])
    ds.CurrentRequestedProcedureEvidenceSequence = Sequence([evidence])
    made.check("uid_consistent", "StudyInstanceUID", ds.StudyInstanceUID, [[0x0040A375, 0]])
    made.write(EXPLICIT)


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def enhanced(planter: Planter, person: Person, images: list[Made]) -> None:
    """An enhanced MR image of 20 frames, each with its moment and its comment."""
    made = planter.file(person, "enhanced", "1.2.840.10008.5.1.4.1.1.4.1")
    made.pixels(frames=20, size=8)
    groups = []
    for n in range(20):
        group, content, plane = Dataset(), Dataset(), Dataset()
        content.FrameReferenceDateTime = f"20240229000130.{n:02d}"
        content.FrameAcquisitionDateTime = f"20240229000131.{n:02d}"
        content.FrameComments = f"{planter.word()} axial"
        content.DimensionIndexValues = [1, n + 1]
        place: Place = [[0x52009230, n], [0x00209111, 0]]
        made.leak("frame comments", content.FrameComments.split()[0].encode())
        made.leak("frame date and time", content.FrameReferenceDateTime.encode())
        stamp = content.FrameReferenceDateTime
        made.check("date_shifted", "FrameReferenceDateTime", stamp, place)
        made.check("text_retained", "DimensionIndexValues", f"[1, {n + 1}]", place)
        plane.ImagePositionPatient = [0, 0, n]
        made.check("text_notnull", "ImagePositionPatient", "", [[0x52009230, n], [0x00209113, 0]])
        group.FrameContentSequence = Sequence([content])
        group.PlanePositionSequence = Sequence([plane])
        group.ReferencedImageSequence = Sequence(
            [_reference(made, images[n % 4], [[0x52009230, n], [0x00081140, 0]])]
        )
        groups.append(group)
    made.ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    made.write(EXPLICIT)


def burned_in(planter: Planter, person: Person) -> None:
    """An ultrasound image with the patient's name and number drawn into it."""
    from PIL import Image, ImageDraw, ImageFont

    made = planter.file(person, "burned-in", "1.2.840.10008.5.1.4.1.1.6.1", "US")
    rows, columns = 320, 420
    y, x = np.mgrid[:rows, :columns]
    speckle = np.random.default_rng(made.key.number).gamma(2.0, 14.0, (rows, columns))
    fan = (np.hypot(x - 210, y + 20) < 300) & (abs(x - 210) < 0.5 * (y + 20)) & (y > 60)
    picture = Image.fromarray((np.clip(speckle, 0, 160) * fan).astype(np.uint8))
    ascii_name = person.family.encode("ascii", "ignore").decode() or "PATIENT"
    text = f"{ascii_name.upper()} {person.number}"
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(18)
    draw.text((12, 10), text, fill=235, font=font)
    left, top, right, bottom = (int(edge) for edge in draw.textbbox((12, 10), text, font=font))
    for keyword, value in (
        ("SamplesPerPixel", 1), ("PhotometricInterpretation", "MONOCHROME2"), ("Rows", rows),
        ("Columns", columns), ("BitsAllocated", 8), ("BitsStored", 8), ("HighBit", 7),
        ("PixelRepresentation", 0),
    ):  # fmt: skip
        made.keep(keyword, value)
    made.ds.PixelData = picture.tobytes()
    made.ds["PixelData"].VR = "OB"
    made.key.burned = [top, bottom, left, right]
    made.check("pixels_hidden", "PixelData")
    made.check("pixels_retained", "PixelData")
    made.write(EXPLICIT)
