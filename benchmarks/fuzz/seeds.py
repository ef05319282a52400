"""Small DICOM files with planted values in every transfer syntax: where fuzzing starts."""

from __future__ import annotations

import io
from collections.abc import Iterator

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
MR, CT_ENHANCED, SR, RTSTRUCT = (
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.481.3",
)

#: What must be in no output: none of it occurs by chance.
NAME, NUMBER, TEXT, PRIVATE, UID = (
    "ZQNAMEZQ",
    "ZQ77N019Q",
    "ZQTEXTZQ",
    "ZQPRIVZQ",
    "1.9.987654321.5",
)
TOKENS = tuple(token.encode() for token in (NAME, NUMBER, TEXT, PRIVATE, UID))


def _image(sop_class: str = MR) -> Dataset:
    """Return an instance whose every identifying value holds a token."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = sop_class
    for place, keyword in enumerate(("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")):
        setattr(ds, keyword, f"{UID}.{place}")
    ds.StudyDate, ds.StudyTime = "20240229", "000130.5"
    ds.AccessionNumber = NUMBER
    ds.PatientName, ds.PatientID = f"{NAME}^Vera", NUMBER
    ds.OtherPatientNames = NAME
    ds.PatientComments = TEXT
    ds.InstitutionName = TEXT
    ds.FrameOfReferenceUID = f"{UID}.7"
    ds.Modality = "MR"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SliceThickness = "2.5"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 1], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [1, 1]
    ds.Rows = ds.Columns = 2
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = b"\1\0\2\0\3\0\4\0"
    return ds


def _nested(undefined: bool) -> Dataset:
    """Return an instance with tokens in sequences, three deep, items of (un)defined length."""
    ds = _image()
    inside = ds
    for tag in (0x00081115, 0x00400260, 0x00081032, 0x00089215):
        item = Dataset()
        item.PatientName, item.PatientComments = NAME, TEXT
        item.ReferencedSOPInstanceUID = f"{UID}.8"
        item.is_undefined_length_sequence_item = undefined
        inside.add_new(tag, "SQ", Sequence([item, Dataset()]))
        inside[tag].is_undefined_length = undefined
        inside = item
    return ds


def _private() -> Dataset:
    """Return an instance with private blocks, unknown VRs, overlays, an icon and padding."""
    ds = _image()
    block = ds.private_block(0x0029, "ZQ MAKER", create=True)
    block.add_new(0x01, "LO", PRIVATE)
    block.add_new(0x02, "UN", PRIVATE.encode())
    item = Dataset()
    item.PatientName = NAME
    block.add_new(0x03, "SQ", Sequence([item]))
    ds.add_new(0x00311001, "UN", PRIVATE.encode())  # without a creator
    safe = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    safe.add_new(0x0C, "IS", "1000")
    safe.add_new(0x0E, "FD", [1.0, 0.0, 0.0])
    ds.add_new(0x60000010, "US", 2)
    ds.add_new(0x60000011, "US", 2)
    ds.add_new(0x60001500, "LO", TEXT)
    ds.add_new(0x60003000, "OW", TEXT.encode())
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.PixelData = b"\1\2\3\4"
    icon["PixelData"].VR = "OB"
    ds.IconImageSequence = [icon]
    ds.add_new(0x00081234, "UN", TEXT.encode())  # not an attribute of the standard
    ds.DataSetTrailingPadding = TEXT.encode()
    return ds


def _enhanced() -> Dataset:
    """Return an enhanced image of two frames."""
    ds = _image(CT_ENHANCED)
    ds.NumberOfFrames = 2
    ds.PixelData = bytes(range(16))
    frames = []
    for number in range(2):
        group, content, position = Dataset(), Dataset(), Dataset()
        content.FrameReferenceDateTime = "20240229000130.5"
        content.FrameComments = TEXT
        content.DimensionIndexValues = [1, number + 1]
        position.ImagePositionPatient = [0, 0, number]
        group.FrameContentSequence, group.PlanePositionSequence = [content], [position]
        frames.append(group)
    ds.PerFrameFunctionalGroupsSequence = frames
    return ds


def _report() -> Dataset:
    """Return a structured report whose content names people."""
    ds = _image(SR)
    for keyword in ("Rows", "Columns", "PixelData", "BitsAllocated"):
        delattr(ds, keyword)
    ds.Modality, ds.ValueType = "SR", "CONTAINER"
    items = []
    for kind, keyword, value in (
        ("PNAME", "PersonName", NAME),
        ("TEXT", "TextValue", TEXT),
        ("UIDREF", "UID", f"{UID}.9"),
        ("DATETIME", "DateTime", "20240229000130"),
    ):
        item, code = Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "121008", "DCM", "Name"
        item.RelationshipType, item.ValueType = "CONTAINS", kind
        item.ConceptNameCodeSequence = [code]
        setattr(item, keyword, value)
        items.append(item)
    ds.ContentSequence = items
    return ds


def encode(ds: Dataset, syntax: str, meta: bool = True) -> bytes:
    """Return a data set as pydicom writes it in a transfer syntax."""
    buffer = io.BytesIO()
    if syntax == RLE:
        ds.PixelData = encapsulate([b"\1\0\0\0" + b"\x40" + b"\0" * 59 + b"\1\1\2\3\4\0"])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    if not meta:
        dcmwrite(buffer, ds, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
        return buffer.getvalue()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.SourceApplicationEntityTitle = NAME
    dcmwrite(buffer, ds, enforce_file_format=True)
    written = bytearray(buffer.getvalue())
    written[: len(NAME)] = NAME.encode()  # in the preamble too
    return bytes(written)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Yield a name and a file: every kind of instance in every encoding."""
    kinds = {
        "image": _image,
        "nested": lambda: _nested(False),
        "undefined": lambda: _nested(True),
        "private": _private,
        "enhanced": _enhanced,
        "report": _report,
    }
    syntaxes = {"implicit": IMPLICIT, "explicit": EXPLICIT, "big": BIG, "deflated": DEFLATED}
    for kind, make in kinds.items():
        for name, syntax in syntaxes.items():
            yield f"{kind}_{name}", encode(make(), syntax)
    yield "image_rle", encode(_image(), RLE)
    yield "enhanced_rle", encode(_enhanced(), RLE)
    for name, syntax in list(syntaxes.items())[:3]:
        yield f"bare_{name}", encode(_image(), syntax, meta=False)
    yield "unknown_length_un", _undefined_un()
    yield "padded", encode(_private(), EXPLICIT) + b"\0" * 64


def _undefined_un() -> bytes:
    """Return a sequence written as UN of undefined length: implicit VR within (PS3.5 6.2.2)."""
    raw = encode(_nested(True), EXPLICIT)
    inner = b"\x10\x00\x10\x00" + len(NAME).to_bytes(4, "little") + NAME.encode()
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + inner + b"\xfe\xff\x0d\xe0\0\0\0\0"
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    element = b"\x08\x00\x15\x92UN\0\0\xff\xff\xff\xff" + item + end
    at = raw.index(b"\x10\x00\x10\x00PN")
    return raw[:at] + element + raw[at:]
