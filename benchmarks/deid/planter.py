"""Plants values in data sets and writes down where."""

from __future__ import annotations

import hashlib
import io
import itertools
import random
from pathlib import Path

from pydicom.datadict import keyword_dict
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

from .answers import Check, FileKey, Place, Token
from .people import Person

IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
MR = "1.2.840.10008.5.1.4.1.1.4"
#: Sequences that Table E.1-1 does not list.
UNLISTED = (0x00089215, 0x00400260, 0x00081032)
#: Shifts move whole seconds, at least 30 days: days this close are never moved onto each other.
_DAYS = 29
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


class Planter:
    """Makes values that occur once, and files with an answer key."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng = folder, random.Random(seed)
        self._count = itertools.count(1)
        self.keys: list[FileKey] = []

    def word(self) -> str:
        """Return a word that occurs nowhere else."""
        number, letters = next(self._count), ""
        for _ in range(5):
            number, place = divmod(number, len(_LETTERS))
            letters += _LETTERS[place]
        return "ZQ" + letters

    def value(self, vr: str) -> tuple[object, bytes, bool]:
        """Return a value for a VR, the bytes to look for, and whether they are unique."""
        number = next(self._count)
        if vr == "DA":
            day = f"193703{1 + number % _DAYS:02d}"
            return day, day.encode(), False
        if vr == "AS":
            age = f"{70 + number % 19:03d}Y"
            return age, age.encode(), False
        if vr == "US":
            return 40000 + number, b"", False
        text = {
            "DT": f"19370313131415.{number:06d}",
            "TM": f"131415.{number:06d}",
            "IS": f"9876{number:05d}",
            "DS": f"12.987{number:05d}",
            "UI": f"1.2.826.0.1.98765.{self.rng.randrange(10**8, 10**9)}.{number}",
            "UR": f"http://{self.word().lower()}.example",
        }.get(vr) or self.word()
        value = text.encode() + b" " if vr in ("OB", "OW", "UN") else text
        return (f"{text}^{self.word()}" if vr == "PN" else value), text.encode(), True

    def file(self, person: Person, topic: str, sop_class: str = MR, modality: str = "MR") -> Made:
        """Return a new instance of a patient with the values that images have."""
        return Made(self, person, topic, sop_class, modality)


class Made:
    """One instance in the making, with its part of the answer key."""

    def __init__(
        self, planter: Planter, person: Person, topic: str, sop_class: str, modality: str
    ) -> None:
        number = len(planter.keys) + 1
        self.planter = planter
        self.key = FileKey(f"{number:05d}.dcm", number, person.number, topic)
        planter.keys.append(self.key)
        self.ds = ds = Dataset()
        ds.SpecificCharacterSet = person.character_sets
        ds.SOPClassUID, ds.Modality = sop_class, modality
        ds.SOPInstanceUID = f"{person.root}.3.{number}"
        ds.StudyInstanceUID = f"{person.root}.1"
        ds.SeriesInstanceUID = f"{person.root}.2.{modality}".replace(
            modality, str(sum(modality.encode()))
        )
        ds.InstanceNumber = number
        ds.PatientName, ds.PatientID = person.name, person.number
        ds.PatientBirthDate, ds.PatientSex = person.born, "O"
        ds.AccessionNumber = person.accession
        ds.ReferringPhysicianName, ds.InstitutionName = person.doctor, person.hospital
        for token in (*person.tokens, person.number.encode(), person.accession.encode()):
            self.key.tokens.append(Token("patient in the header", token.hex()))
        for uid in (ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID):
            self.key.tokens.append(Token("UID of the header", uid.encode().hex()))
        for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
            self.check("uid_changed", keyword, str(ds[keyword].value))
            self.check("uid_consistent", keyword, str(ds[keyword].value))
        self.check("patid_consistent", "PatientID", person.number)
        for keyword, word in (
            ("PatientName", person.family),
            ("ReferringPhysicianName", person.doctor_word),
            ("InstitutionName", person.hospital_word),
            ("AccessionNumber", person.accession),
        ):
            self.check("text_removed", keyword, word)
        self.keep("Modality", modality)

    def check(self, kind: str, keyword: str | int, value: str = "", place: Place = []) -> None:  # noqa: B006
        """Write a check down."""
        tag = keyword if isinstance(keyword, int) else keyword_dict[keyword]
        self.key.checks.append(Check(kind, tag, value, list(place)))

    def keep(self, keyword: str, value: object) -> None:
        """Set an attribute that must stay as it is."""
        setattr(self.ds, keyword, value)
        self.check("tag_retained", keyword)
        if value not in (None, "", []):
            self.check("text_notnull", keyword)
            self.check("text_retained", keyword, str(self.ds[keyword].value))

    def leak(self, where: str, data: bytes) -> None:
        """Write down bytes that must not be in the output."""
        self.key.tokens.append(Token(where, data.hex()))

    def plant(self, tag: int, vr: str, name: str) -> None:
        """Plant an attribute at the top level, in an unlisted sequence and three deep."""
        for label, place, ds in self.places():
            where = f"{name} {label}"
            if vr == "SQ":
                item = Dataset()
                item.PatientComments, item.PatientID = self.planter.word(), self.planter.word()
                ds.add_new(tag, "SQ", Sequence([item]))
                self.leak(where, item.PatientComments.encode())
                self.leak(where, item.PatientID.encode())
                continue
            value, data, unique = self.planter.value(vr)
            ds.add_new(tag, vr, value)
            token = Token(where, (data or str(value).encode()).hex(), unique, tag, place)
            self.key.tokens.append(token)
            if vr == "UI":
                self.check("uid_changed", tag, str(value), place)
            elif vr not in ("OB", "OW", "UN"):
                self.check("text_removed", tag, str(value).split("^")[0], place)

    def places(self) -> list[tuple[str, Place, Dataset]]:
        """Return the three depths, made where they are not there."""
        first = _item(self.ds, UNLISTED[0])
        deepest = _item(_item(_item(self.ds, UNLISTED[1]), UNLISTED[1]), UNLISTED[2])
        return [
            ("at the top", [], self.ds),
            ("in a sequence", [[UNLISTED[0], 0]], first),
            ("three deep", [[UNLISTED[1], 0], [UNLISTED[1], 0], [UNLISTED[2], 0]], deepest),
        ]

    def pixels(self, frames: int = 1, size: int = 16) -> None:
        """Add pixel data in which no token can stand by chance."""
        ds, number = self.ds, self.key.number
        for keyword, value in (
            ("SamplesPerPixel", 1), ("PhotometricInterpretation", "MONOCHROME2"), ("Rows", size),
            ("Columns", size), ("BitsAllocated", 16), ("BitsStored", 12), ("HighBit", 11),
            ("PixelRepresentation", 0),
        ):  # fmt: skip
            self.keep(keyword, value)
        if frames > 1:
            self.keep("NumberOfFrames", frames)
        values = ((i * 7 + number) % 13 for i in range(frames * size * size))
        ds.PixelData = b"".join(bytes((value, 0)) for value in values)
        ds["PixelData"].VR = "OW"
        self.key.frames = frames

    def write(self, syntax: str = EXPLICIT) -> None:
        """Write the file, with tokens in its preamble and file meta information."""
        ds = self.ds
        if "PixelData" in ds:
            self.key.pixels = hashlib.sha256(ds.PixelData).hexdigest()
            if not self.key.burned:
                self.check("pixels_retained", "PixelData")
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = syntax
        meta.SourceApplicationEntityTitle = self.planter.word()
        meta.PrivateInformationCreatorUID = "1.2.826.0.1.98765.1"
        meta.PrivateInformation = self.planter.word().encode() + b" "
        preamble = self.planter.word().encode()
        self.leak("SourceApplicationEntityTitle", meta.SourceApplicationEntityTitle.encode())
        self.leak("PrivateInformation", meta.PrivateInformation.strip())
        self.leak("preamble", preamble)
        ds.file_meta = meta
        buffer = io.BytesIO()
        dcmwrite(buffer, ds, enforce_file_format=True)
        data = preamble.ljust(128, b"\0") + buffer.getvalue()[128:]
        (self.planter.folder / self.key.name).write_bytes(data)


def _item(ds: Dataset, tag: int) -> Dataset:
    """Return the one item of a sequence, made where it is not there."""
    if tag not in ds:
        ds.add_new(tag, "SQ", Sequence([Dataset()]))
    item: Dataset = ds[tag].value[0]
    return item
