"""UIDs: none of the source's, one identity for the case, references that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.uid import UID_dictionary

from ..model import CaseView, Finding, InstanceView

ORIGINAL_UID, IDENTITY, REFERENCE = "original-uid", "identity", "reference"

_KEYED = re.compile(r"2\.25\.(0|[1-9]\d{0,38})")
#: These name a kind of thing, not a thing; vendors have their own.
_CLASSES = re.compile(
    r"(?:.*(?:ClassUID|ClassesInStudy|ClassesInPatient|TransferSyntaxUID|SyntaxUID|CodingSchemeUID|"
    r"ContextUID|ContextGroupExtensionCreatorUID|MappingResourceUID|ClassesUID|SOPClasses.*))"
)
_OWN = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientID")


def check_uids(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether every UID is a keyed one, well-known, or the name of a class."""
    if view.option("retain_uids"):
        return
    for element in instance.elements:
        if element.vr != "UI" or element.keyword in view.kept:
            continue
        for value in element.values():
            if value in view.uids and not is_well_known(value):
                yield Finding(ORIGINAL_UID, instance.file, f"{element.name} is a UID of the source")
            elif value and not (
                is_keyed(value) or is_well_known(value) or _CLASSES.fullmatch(element.keyword)
            ):
                yield Finding(
                    ORIGINAL_UID,
                    instance.file,
                    f"{element.name} is neither a keyed UID nor a well-known one",
                )


def check_identity(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether an instance belongs to the case's study, series and patient, and only once."""
    case, dataset = view.case, instance.dataset
    expected = (case.study_uid, case.series_uid, instance.record.sop_instance_uid, case.patient_id)
    for keyword, value in zip(_OWN, expected, strict=True):
        if str(dataset.get(keyword, "") or "").strip(" \0") != value:
            yield Finding(IDENTITY, instance.file, f"{keyword} is not the one in case.json")
    uid = str(dataset.get("SOPInstanceUID", ""))
    other = view.sop_instances.setdefault(uid, instance.file)
    if other != instance.file:
        yield Finding(IDENTITY, instance.file, f"it has the SOP Instance UID of {other}")


def note_references(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Gather references to instances of the case's own series, to be looked up at the end."""
    series = _series_of_items(instance)
    for element in instance.elements:
        if element.keyword != "ReferencedSOPInstanceUID" or not element.depth:
            continue
        where = element.name.split(" > ")[0]
        if not element.values():
            yield Finding(REFERENCE, instance.file, f"a reference in {where} is empty")
        elif (
            series.get(id(element.owner)) == view.case.series_uid
            # Raw data and presentation states may share the series' UID; they are no images of it.
            and element.owner.get("ReferencedSOPClassUID") == instance.dataset.get("SOPClassUID")
        ):
            view.references.append((element.values()[0], instance.file, where))


def check_references(view: CaseView) -> Iterator[Finding]:
    """Look up the references into the case's own series; those to other series are external."""
    for uid, file, where in view.references:
        if uid not in view.sop_instances:
            text = f"{where} refers to an instance of this series that the case does not have"
            yield Finding(REFERENCE, file, text)


def is_keyed(value: str) -> bool:
    """Return whether a UID has the form of ours: a version 8 UUID as a decimal number."""
    match = _KEYED.fullmatch(value)
    if match is None:
        return False
    number = int(match[1])
    return number < 1 << 128 and number >> 76 & 0xF == 8 and number >> 62 & 0x3 == 2


def is_well_known(value: str) -> bool:
    """Return whether a UID is registered in PS3.6."""
    return value in UID_dictionary


def _series_of_items(instance: InstanceView) -> dict[int, str]:
    """Return the series of each item that lies in one which names a series (PS3.3 C.12.1.2)."""
    series = {}
    for element in instance.elements:
        if element.keyword == "SeriesInstanceUID" and element.depth and element.values():
            for keyword in ("ReferencedSOPSequence", "ReferencedInstanceSequence"):
                for item in element.owner.get(keyword) or ():
                    series[id(item)] = element.values()[0]
    return series
