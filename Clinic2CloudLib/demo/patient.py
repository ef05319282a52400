"""An invented patient, planted all over the headers as real ones are.

Nobody here exists. What is planted is listed by :func:`invented_identifiers`, so that tests can
look for every one of these strings in every byte of what the software hands on.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pydicom import Dataset, Sequence

FAMILY, GIVEN = "Marenholz", "Theodora"
NAME = f"{FAMILY}^{GIVEN}^Quitterie^Dr."
PATIENT_ID = "PX-48151623"
OTHER_ID = "KVNR-T482910377"
BIRTH_DATE = "19570314"
STUDY_DATE, STUDY_TIME = "20230417", "093127.410000"
ACCESSION = "ACC70093318"
INSTITUTION = "Klinikum Sankt Olafsgrund"
ADDRESS = "Lindwurmgasse 47, 98999 Olafsgrund"
PHONE = "+49 3699 5550147"
REFERRER, RADIOLOGIST, OPERATOR = "Abendroth^Leontine", "Kessler-Njoku^Bartholomew", "Wieczorek^Ida"
STATION, SERIAL = "MROLAF03", "SN-66720418"
PRIVATE_CREATOR = "OLAFSGRUND WORKFLOW 1.0"


def uid(*parts: object) -> str:
    """Return a UID under 2.25 (PS3.5 B.2) that depends on its parts alone."""
    digest = hashlib.sha256("/".join(map(str, ("clinic2cloud demo", *parts))).encode()).digest()
    number = int.from_bytes(digest[:16], "big")
    # Version and variant bits as a name-based UUID has them (RFC 9562).
    number = (number & ~(0xF << 76)) | (0x8 << 76)
    number = (number & ~(0x3 << 62)) | (0x2 << 62)
    return f"2.25.{number}"


def study_uid(seed: int) -> str:
    """Return the Study Instance UID of a seed's patient."""
    return uid(seed, "study")


def series_uid(seed: int, modality: str) -> str:
    """Return the Series Instance UID of a seed's series."""
    return uid(seed, "series", modality)


def invented_identifiers(seed: int = 0) -> list[str]:
    """Return every identifying string planted in a synthetic series of that seed.

    Returns
    -------
    list of str
        Names, numbers, dates, addresses and UIDs, as they stand in the bytes of the files. The
        SOP Instance UIDs are not among them: they depend on the number of slices.
    """
    uids = [study_uid(seed), uid(seed, "frame"), uid(seed, "localizer"), uid(seed, "performed")]
    uids += [series_uid(seed, modality) for modality in ("MR", "CT")]
    return [
        FAMILY, GIVEN, "Quitterie", PATIENT_ID, OTHER_ID, BIRTH_DATE, "14.03.1957", STUDY_DATE,
        "17.04.2023", "093127", ACCESSION, INSTITUTION, "Olafsgrund", "Lindwurmgasse", "5550147",
        "Abendroth", "Leontine", "Kessler-Njoku", "Bartholomew", "Wieczorek", STATION, SERIAL,
        "RP-90817", "SPS-22871", "PPS-40021", "VISIT-55123", "Uhrmacherin", PRIVATE_CREATOR, *uids,
    ]  # fmt: skip


def plant_patient(dataset: Dataset, seed: int, modality: str) -> None:
    """Fill patient, study and series level attributes of a dataset, nested ones included."""
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": NAME,
        "PatientID": PATIENT_ID,
        "IssuerOfPatientID": INSTITUTION,
        "PatientBirthDate": BIRTH_DATE,
        "PatientSex": "F",
        "PatientAge": "066Y",
        "PatientSize": 1.68,
        "PatientWeight": 64,
        "PatientAddress": ADDRESS,
        "PatientTelephoneNumbers": PHONE,
        "Occupation": "Uhrmacherin",
        "OtherPatientNames": f"{FAMILY}-Abel^{GIVEN}",
        "AdditionalPatientHistory": f"{GIVEN} {FAMILY}, geb. 14.03.1957: headache since Easter",
        "PatientComments": f"Call {PHONE} with the result",
        "AdmissionID": "VISIT-55123",
        "StudyInstanceUID": study_uid(seed),
        "StudyDate": STUDY_DATE,
        "StudyTime": STUDY_TIME,
        "StudyID": "RP-90817",
        "AccessionNumber": ACCESSION,
        "StudyDescription": f"MR head, Frau {FAMILY}, 17.04.2023",
        "ReferringPhysicianName": REFERRER,
        "PhysiciansOfRecord": RADIOLOGIST,
        "SeriesInstanceUID": series_uid(seed, modality),
        "SeriesNumber": 4,
        "SeriesDate": STUDY_DATE,
        "SeriesTime": "093512.220000",
        "SeriesDescription": "t1_mprage_sag_p2_iso" if modality == "MR" else "HEAD 1.5 H31s",
        "ProtocolName": f"Head routine (Dr. {REFERRER.split('^')[0]})",
        "OperatorsName": OPERATOR,
        "PerformingPhysicianName": RADIOLOGIST,
        "FrameOfReferenceUID": uid(seed, "frame"),
        "PositionReferenceIndicator": "",
        "InstitutionName": INSTITUTION,
        "InstitutionAddress": ADDRESS,
        "InstitutionalDepartmentName": "Neuroradiologie Olafsgrund",
        "StationName": STATION,
        "DeviceSerialNumber": SERIAL,
        "Manufacturer": "Clinic2Cloud demo",
        "ManufacturerModelName": "Formula head",
        "SoftwareVersions": "1",
        "BodyPartExamined": "HEAD",
        "PatientPosition": "HFS",
        "PerformedProcedureStepStartDate": STUDY_DATE,
        "PerformedProcedureStepStartTime": STUDY_TIME,
        "PerformedProcedureStepID": "PPS-40021",
        "PerformedProcedureStepDescription": f"Head for {FAMILY}",
        "ImageComments": f"Pat. {GIVEN} {FAMILY} moved a little; {OPERATOR.split('^')[0]}",
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    if modality == "CT":
        dataset.StudyDescription = f"CT head, Frau {FAMILY}, 17.04.2023"
    dataset.OtherPatientIDsSequence = Sequence([_other_id()])
    dataset.RequestAttributesSequence = Sequence([_request()])
    dataset.PhysiciansOfRecordIdentificationSequence = Sequence([_physician()])
    dataset.ReferencedPerformedProcedureStepSequence = Sequence(
        [_reference("1.2.840.10008.3.1.2.3.3", uid(seed, "performed"))]
    )
    localizer = "1.2.840.10008.5.1.4.1.1.4" if modality == "MR" else "1.2.840.10008.5.1.4.1.1.2"
    dataset.ReferencedImageSequence = Sequence([_reference(localizer, uid(seed, "localizer"))])
    _plant_private(dataset)


def _other_id() -> Dataset:
    item = Dataset()
    item.PatientID = OTHER_ID
    item.IssuerOfPatientID = "Insurance of Olafsgrund"
    item.TypeOfPatientID = "TEXT"
    return item


def _request() -> Dataset:
    item = Dataset()
    item.RequestedProcedureID = "RP-90817"
    item.RequestedProcedureDescription = f"MPRAGE, {FAMILY} {GIVEN}"
    item.ScheduledProcedureStepID = "SPS-22871"
    item.ScheduledProcedureStepDescription = f"Head, asked for by {REFERRER.split('^')[0]}"
    item.ReasonForTheRequestedProcedure = f"Frau {FAMILY}: headache"
    return item


def _physician() -> Dataset:
    code = Dataset()
    code.CodeValue = "4711"
    code.CodingSchemeDesignator = "99OLAF"
    code.CodeMeaning = "Bartholomew Kessler-Njoku"
    item = Dataset()
    item.PersonIdentificationCodeSequence = Sequence([code])
    item.PersonAddress = ADDRESS
    item.PersonTelephoneNumbers = PHONE
    item.InstitutionName = INSTITUTION
    return item


def _reference(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = instance
    return item


def _plant_private(dataset: Dataset) -> None:
    """Add a private block: text, bytes that hold text, and a sequence with a name inside."""
    block = dataset.private_block(0x0029, PRIVATE_CREATOR, create=True)
    block.add_new(0x01, "LO", f"{GIVEN} {FAMILY}")
    block.add_new(
        0x02, "OB", b"\x00\x01HDR\x00" + f"PatID={PATIENT_ID};Site={INSTITUTION}".encode() + b"\x00"
    )
    inner = Dataset()
    nested = inner.private_block(0x0029, PRIVATE_CREATOR, create=True)
    nested.add_new(0x11, "PN", NAME)
    nested.add_new(0x12, "DT", f"{STUDY_DATE}093127")
    block.add_new(0x03, "SQ", Sequence([inner]))
