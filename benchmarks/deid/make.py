"""Make the benchmark's files: seeded, at run time, never committed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from Clinic2CloudLib.dicom.profile import tables

from . import answers
from .objects import burned_in, enhanced, report, segmentation, structures
from .people import Person, people
from .planter import BIG, DEFLATED, EXPLICIT, IMPLICIT, Made, Planter

_SYNTAXES = (EXPLICIT, IMPLICIT, BIG, DEFLATED)
_A_FILE = 40  # attributes of the table in one file
_NOT_PLANTED = {
    0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00100010, 0x00100020,  # the base has them
    0x00020003, 0x00041511, 0x00420011, 0x00080005,  # file meta, DICOMDIR, document: see below
}  # fmt: skip

#: What images need and Table E.1-1 does not list: it stays.
_TECHNICAL: dict[str, object] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"], "ScanningSequence": "GR",
    "SequenceVariant": "SP", "ScanOptions": "PFP", "MRAcquisitionType": "3D",
    "SliceThickness": "1.25", "RepetitionTime": "2300.5", "EchoTime": "2.98",
    "InversionTime": "900", "NumberOfAverages": "1", "ImagingFrequency": "123.25",
    "ImagedNucleus": "1H", "EchoNumbers": "1", "MagneticFieldStrength": "3",
    "SpacingBetweenSlices": "1.5", "NumberOfPhaseEncodingSteps": "255", "EchoTrainLength": "1",
    "PercentSampling": "93.75", "PercentPhaseFieldOfView": "100", "PixelBandwidth": "238",
    "AcquisitionMatrix": [0, 256, 240, 0], "InPlanePhaseEncodingDirection": "ROW",
    "FlipAngle": "9", "SAR": "0.0567", "PatientPosition": "HFS", "BodyPartExamined": "HEAD",
    "SeriesNumber": "7", "AcquisitionNumber": "3", "ImagePositionPatient": [-8, -8.5, 12.25],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SliceLocation": "12.25",
    "PixelSpacing": [0.9375, 0.9375], "WindowCenter": "40", "WindowWidth": "400",
    "RescaleIntercept": "0", "RescaleSlope": "1", "LossyImageCompression": "00",
    "NumberOfTemporalPositions": "1", "Laterality": "L", "TriggerTime": "0",
    "DiffusionBValue": 1000.0, "ReconstructionDiameter": "240", "KVP": "120",
    "TemporalPositionIdentifier": "1", "VariableFlipAngleFlag": "N", "SmallestImagePixelValue": 0,
}  # fmt: skip

#: Attributes of free text, with what a scanner's users write there: words to keep, things to lose.
_TEXTS = (
    ("SeriesDescription", "t1 mprage sag post {family}", "t1 mprage sag post", "family"),
    ("StudyDescription", "MRI brain with contrast {family}", "MRI brain with contrast", "family"),
    ("ProtocolName", "t2 tse cor {number}", "t2 tse cor", "number"),
    ("ImageComments", "axial flair, seen by Dr. {doctor_word}", "axial flair", "doctor_word"),
    ("SeriesDescription", "knee left pd fs {hospital}", "knee left pd fs", "hospital_word"),
    ("ImageComments", "contrast given, call {phone}", "contrast given", "phone"),
    ("ImageComments", "follow up lesion, mail {mail}", "follow up lesion", "mail"),
    ("StudyDescription", "CT chest abdomen {accession}", "CT chest abdomen", "accession"),
    ("RequestedProcedureDescription", "MR head 3D for {family}", "MR head 3D", "family"),
    ("PerformedProcedureStepDescription", "dwi adc map {family}", "dwi adc map", "family"),
    ("ImageComments", "motion artifact, repeated 12.03.2019", "motion artifact repeated", ""),
    ("DerivationDescription", "subtraction of {family} pre and post", "subtraction", "family"),
)


def make(folder: Path, seed: int = 1, full: bool = True) -> list[answers.FileKey]:
    """Write files and return their answer key.

    Parameters
    ----------
    folder : Path
        Made; gets ``source/*.dcm`` and ``key.json``.
    seed : int
        Of values that are drawn.
    full : bool
        Every row of Table E.1-1, else each fourth.
    """
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    planter, patients = Planter(source, seed), people()
    listed = sorted(tables.rows().items())
    rows = [(tag, row) for tag, row in listed if tag > 0x0007FFFF and tag not in _NOT_PLANTED]
    rows = rows if full else rows[::4]
    for start in range(0, len(rows), _A_FILE):
        number = start // _A_FILE
        # An issuer is planted as well, and one ID of two issuers is two patients.
        person = replace(patients[number % 6], number=f"QT{8800531 + 97 * number}")
        made = planter.file(person, "table E.1-1")
        for tag, row in rows[start : start + _A_FILE]:
            made.plant(tag, row.vr.split(" or ")[-1], row.keyword)
        made.pixels()
        made.write(_SYNTAXES[number % 4])
    for number, person in enumerate(patients):
        _retained(planter, person, _SYNTAXES[number % 4])
        _free_text(planter, person, _SYNTAXES[(number + 1) % 4])
        _dates(planter, person)
    for number, person in enumerate(patients[:4]):
        _beside(planter, person, _SYNTAXES[number])
    for person in patients[:2]:
        images = _series(planter, person)
        structures(planter, person, images)
        segmentation(planter, person, images)
        report(planter, person, images)
        enhanced(planter, person, images)
        burned_in(planter, person)
    _compressed(planter, patients[0])
    _document(planter, patients[1])
    answers.save(planter.keys, folder / "key.json")
    return planter.keys


def _retained(planter: Planter, person: Person, syntax: str) -> None:
    """What is not in the table stays: at the top level and three deep, codes too."""
    made = planter.file(person, "retention")
    listed = tables.rows()
    for keyword, value in _TECHNICAL.items():
        made.keep(keyword, value)
        if made.ds[keyword].tag in listed:
            raise ValueError(f"{keyword} is in the table and need not stay")
    for _, place, ds in made.places()[1:]:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = "12738006", "SCT"
        code.CodeMeaning = "Brain"
        ds.AnatomicRegionSequence = Sequence([code])
        ds.SliceThickness, ds.EchoTime = "1.25", "2.98"
        inside = [*place, [0x00082218, 0]]
        for keyword, text in (("CodeValue", "12738006"), ("CodeMeaning", "Brain")):
            made.check("text_retained", keyword, text, inside)
        for keyword, text in (("SliceThickness", "1.25"), ("EchoTime", "2.98")):
            made.check("text_retained", keyword, text, place)
    safe = made.ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    safe.add_new(0x0C, "IS", "1000")
    safe.add_new(0x0E, "FD", [1.0, 0.0, 0.0])
    for element in (0x0019100C, 0x0019100E):
        made.check("tag_retained", element)
        made.check("text_notnull", element)
    made.pixels()
    made.write(syntax)


def _free_text(planter: Planter, person: Person, syntax: str) -> None:
    """Words to keep beside words that must go, in the patient's own character set."""
    for number, (keyword, template, keep, lost) in enumerate(_TEXTS):
        text = template.format(**vars(person)) if hasattr(person, "__dict__") else template
        made = planter.file(person, "free text")
        setattr(made.ds, keyword, text)
        for word in keep.split():
            made.check("text_retained", keyword, word)
        gone = getattr(person, lost) if lost else "12.03.2019"
        made.check("text_removed", keyword, gone)
        made.leak(f"{keyword}: {lost or 'date'}", gone.encode(person.codec, "replace"))
        made.pixels()
        made.write(syntax if number % 2 else EXPLICIT)


def _dates(planter: Planter, person: Person) -> None:
    """Dates and times that belong together, some just before and after midnight."""
    for number, second in enumerate((0, 1, 61, 3601, 86399)):
        made = planter.file(person, "dates", "1.2.840.10008.5.1.4.1.1.128", "PT")
        clock = f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"
        for stem in ("Study", "Series", "Acquisition", "Content"):
            setattr(made.ds, f"{stem}Date", "20240229")
            setattr(made.ds, f"{stem}Time", f"{clock}.25")
            made.check("date_shifted", f"{stem}Date", f"20240229 {clock}.25")
        made.ds.AcquisitionDateTime = f"20240229{clock}.25"
        made.check("date_shifted", "AcquisitionDateTime", f"20240229{clock}.25")
        dose = Dataset()
        dose.RadiopharmaceuticalStartDateTime = "20240228233000"
        dose.RadionuclideTotalDose = "350000000"
        made.ds.RadiopharmaceuticalInformationSequence = Sequence([dose])
        place = [[0x00540016, 0]]
        made.check("date_shifted", "RadiopharmaceuticalStartDateTime", "20240228233000", place)
        made.check("text_retained", "RadionuclideTotalDose", "350000000", place)
        made.leak("AcquisitionDateTime", f"20240229{clock}.25".encode())
        made.keep("ActualFrameDuration", "900000" if number % 2 else "300000")
        made.pixels()
        made.write(IMPLICIT if number % 2 else EXPLICIT)


def _beside(planter: Planter, person: Person, syntax: str) -> None:
    """Private blocks with and without creator, overlays, an icon, padding, attributes unknown."""
    made, word = planter.file(person, "private and others"), planter.word
    ds = made.ds
    creators = (f"ACME {word()}", "ACME MEDICAL", "SIEMENS CSA HEADER")
    for number, creator in enumerate(creators):
        block = ds.private_block(0x0029 + 2 * number, creator, create=True)
        inner = Dataset()
        inner.PatientName = word()
        values = (("LO", word()), ("UN", word().encode()), ("OB", word().encode()), ("SH", word()))
        for element, (vr, value) in enumerate(values, 1):
            block.add_new(element, vr, value)
            data = value if isinstance(value, bytes) else value.encode()
            made.leak(f"private {vr}, {creator.split()[0]}", data)
        block.add_new(0x10, "SQ", Sequence([inner]))
        made.leak("private sequence", str(inner.PatientName).encode())
    made.leak("private creator", creators[0].encode())
    for tag in (0x00411001, 0x00431055):
        orphan = word()
        ds.add_new(tag, "LO", orphan)
        made.leak("private without creator", orphan.encode())
    for group in (0x6000, 0x6002):
        label, note = word(), word()
        ds.add_new((group, 0x0010), "US", 8)
        ds.add_new((group, 0x0011), "US", 8)
        ds.add_new((group, 0x0022), "LO", label)
        ds.add_new((group, 0x1500), "LO", word())
        ds.add_new((group, 0x4000), "LT", note)
        data = word().encode() + b" "
        ds.add_new((group, 0x3000), "OW", data)
        made.leak("overlay label", str(ds[group, 0x1500].value).encode())
        made.leak("overlay description", label.encode())
        made.leak("overlay comments", note.encode())
        made.leak("overlay data", data.strip())
    ds.add_new(0x50003000, "OW", (curve := word()).encode() + b" ")
    made.leak("curve data", curve.encode())
    icon = Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.Rows, icon.Columns, icon.BitsAllocated, icon.BitsStored = 4, 2, 8, 8
    icon.HighBit, icon.PixelRepresentation = 7, 0
    icon.PixelData = (seen := word()).encode() + b" "
    icon["PixelData"].VR = "OB"
    ds.IconImageSequence = Sequence([icon])
    made.leak("icon image", seen.encode())
    ds.DataSetTrailingPadding = (padding := word()).encode() + b" "
    made.leak("trailing padding", padding.encode())
    ds.add_new(0x00081234, "LO", unknown := word())
    made.leak("attribute that the standard does not know", unknown.encode())
    original = Dataset()
    original.ModifiedAttributesSequence = Sequence([Dataset()])
    original.ModifiedAttributesSequence[0].PatientName = word()
    made.leak(
        "original attributes", str(original.ModifiedAttributesSequence[0].PatientName).encode()
    )
    ds.OriginalAttributesSequence = Sequence([original])
    made.pixels()
    made.write(syntax)


def _series(planter: Planter, person: Person) -> list[Made]:
    """A small series, referred to by other objects."""
    images = []
    for number in range(4):
        made = planter.file(person, "series")
        made.ds.FrameOfReferenceUID = f"{person.root}.9"
        made.check("uid_consistent", "FrameOfReferenceUID", f"{person.root}.9")
        made.keep("ImagePositionPatient", [0, 0, number])
        made.pixels()
        made.write((EXPLICIT, IMPLICIT)[number % 2])
        images.append(made)
    return images


def _compressed(planter: Planter, person: Person) -> None:
    """RLE pixel data: passed on to the bit."""
    made = planter.file(person, "compressed")
    made.pixels(size=8)
    segment = b"\x7f" + b"\1" * 0 + bytes(i % 13 for i in range(128))
    half = b"\x3f" + bytes(64)
    header = (2).to_bytes(4, "little") + (64).to_bytes(4, "little")
    header += (64 + len(half) + 1).to_bytes(4, "little") + bytes(52)
    made.ds.PixelData = encapsulate([header + half + b"\0" + b"\x3f" + segment[1:65] + b"\0"])
    made.ds["PixelData"].VR, made.ds["PixelData"].is_undefined_length = "OB", True
    made.write("1.2.840.10008.1.2.5")


def _document(planter: Planter, person: Person) -> None:
    """A PDF with a name in it: to be refused, or its document to be gone."""
    made = planter.file(person, "document", "1.2.840.10008.5.1.4.1.1.104.1", "DOC")
    made.key.may_refuse = True
    name = planter.word()
    made.ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.ds.EncapsulatedDocument = f"%PDF-1.4 ({name}) Tj %%EOF ".encode()
    made.leak("encapsulated document", name.encode())
    made.write(EXPLICIT)
