"""The file around the data set: preamble, meta information, values that can be read."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import CaseView, Finding, InstanceView

PREAMBLE, FILE_META, UNREADABLE_VALUE = "preamble", "file-meta", "unreadable-value"

_ALLOWED = frozenset(range(0x00020000, 0x00020004)) | {0x00020010, 0x00020012, 0x00020013}
_SAME = (
    ("MediaStorageSOPClassUID", "SOPClassUID"),
    ("MediaStorageSOPInstanceUID", "SOPInstanceUID"),
)


def check_preamble(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether the 128 bytes before DICM say nothing."""
    if instance.raw[:128].strip(b"\0") or instance.raw[128:132] != b"DICM":
        yield Finding(PREAMBLE, instance.file, "the preamble is not 128 zero bytes")


def check_file_meta(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether the file meta information fits the data set and holds nothing of the source."""
    for outer, inner in _SAME:
        if instance.meta.get(outer) != instance.dataset.get(inner):
            yield Finding(FILE_META, instance.file, f"{outer} is not the data set's {inner}")
    for element in instance.elements:
        group = element.tag >> 16
        if group == 0x0002 and element.tag not in _ALLOWED:
            yield Finding(FILE_META, instance.file, f"{element.name} is in the file meta group")
        elif group == 0x0004:
            yield Finding(FILE_META, instance.file, f"{element.name} belongs in a DICOMDIR only")


def check_values(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether an independent reader can read every value."""
    for element in instance.elements:
        if element.value is None and element.raw:
            yield Finding(UNREADABLE_VALUE, instance.file, f"{element.name} cannot be read")
