"""Data sets with planted values, and an engine with a test key."""

from __future__ import annotations

import io

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

from Clinic2CloudLib.dicom.profile import HeaderDeidentifier, ProfileOptions
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms

MR = "1.2.840.10008.5.1.4.1.1.4"
KEY = b"a key for tests, thirty-two bytes"
IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
SYNTAXES = (IMPLICIT, EXPLICIT, BIG, DEFLATED)

#: Sequences that Table E.1-1 does not list, so that what is planted inside must be found there.
UNLISTED = (0x00089215, 0x00400260, 0x00081032)

#: A value for each VR that occurs nowhere by chance.
PLANTED: dict[str, object] = {
    "AE": "ZQ7PLANT",
    "AS": "077Y",
    "CS": "ZQ7PLANT",
    "DA": "19371213",
    "DS": "12.3456789",
    "DT": "19371213131415.987",
    "IS": "987654321",
    "LO": "ZQ7PLANT",
    "LT": "ZQ7PLANT",
    "OB": b"ZQ7PLANT",
    "OW": b"ZQ7PLANT",
    "PN": "ZQ7PLANT^Wvut",
    "SH": "ZQ7PLANT",
    "ST": "ZQ7PLANT",
    "TM": "131415.987",
    "UC": "ZQ7PLANT",
    "UI": "1.2.3.987654321.55",
    "UN": b"ZQ7PLANT",
    "UR": "http://zq7plant.example",
    "US": 54321,
    "UT": "ZQ7PLANT",
}


def make(**attributes: object) -> Dataset:
    """Return a small MR instance with invented patient data."""
    ds = Dataset()
    ds.SOPClassUID = MR
    ds.SOPInstanceUID = "1.2.3.4.5.6.7.8.9.1"
    ds.StudyInstanceUID = "1.2.3.4.5.6.7.8.9.2"
    ds.SeriesInstanceUID = "1.2.3.4.5.6.7.8.9.3"
    ds.StudyDate, ds.StudyTime = "20240229", "000130"
    ds.PatientName, ds.PatientID = "Quimby^Fred", "QX4711007"
    ds.Modality = "MR"
    ds.SliceThickness = "2.5"
    ds.Rows = ds.Columns = 2
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = b"\1\0\2\0\3\0\4\0"
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def encode(ds: Dataset, syntax: str = EXPLICIT, meta: bool = True) -> bytes:
    """Return a data set as pydicom writes it."""
    buffer = io.BytesIO()
    if meta:
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        dcmwrite(buffer, ds, enforce_file_format=True)
    else:
        dcmwrite(buffer, ds, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
    return buffer.getvalue()


def engine(cleaner: object = None, key: bytes = KEY, **options: object) -> HeaderDeidentifier:
    """Return an engine with some options of the profile."""
    return HeaderDeidentifier(ProfileOptions(**options), Pseudonyms(key), cleaner)  # type: ignore[arg-type]


def read(data: bytes) -> Dataset:
    """Return what pydicom, the second reader, makes of a file."""
    return pydicom.dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")


def planted_value(vr: str) -> object:
    """Return the value to plant for a VR; a sequence holds a planted comment."""
    if vr != "SQ":
        return PLANTED[vr.split(" or ")[-1]]
    item = Dataset()
    item.PatientComments = "ZQ7PLANT"
    item.PatientID = "ZQ7PLANT"
    return Sequence([item])


def plant(ds: Dataset, tag: int, vr: str, value: object | None = None) -> list[Dataset]:
    """Plant a value at the top level, in an unlisted sequence and three deep.

    Returns the data sets it was planted in.
    """
    middle, deep, deepest = Dataset(), Dataset(), Dataset()
    first = Dataset()
    deep.add_new(UNLISTED[2], "SQ", Sequence([deepest]))
    middle.add_new(UNLISTED[1], "SQ", Sequence([deep]))
    ds.add_new(UNLISTED[0], "SQ", Sequence([first]))
    ds.add_new(UNLISTED[1], "SQ", Sequence([middle]))
    places = [ds, first, deepest]
    for place in places:
        place.add_new(tag, vr.split(" or ")[-1], planted_value(vr) if value is None else value)
    return places


def places_of(ds: Dataset) -> list[Dataset]:
    """Return the three places of :func:`plant` in what came back."""
    first = ds[UNLISTED[0]].value[0]
    deepest = ds[UNLISTED[1]].value[0][UNLISTED[1]].value[0][UNLISTED[2]].value[0]
    return [ds, first, deepest]
