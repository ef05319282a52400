"""No token of the source in the images' other forms, which lie beside the case and never leave."""

from __future__ import annotations

import dataclasses
import gzip
import io
from collections.abc import Iterator

from ...cases.case import CaseInstance
from ..elements import READ_ERRORS, all_elements, read_dataset
from ..model import CaseView, Finding, InstanceView
from ..payloads import LARGEST
from .files import exports
from .leaks import check_leaks

EXPORT_LEAK = "export-leak"

_NIFTI_HEADER = 352  # NIfTI-1: 348 bytes and the extension flag
_UNREADABLE = (*READ_ERRORS, OSError)


def check_exports(view: CaseView) -> Iterator[Finding]:
    """Search every byte of the exports, unpacked where they are packed."""
    for name in exports(view.case):
        try:
            raw = (view.case.folder / name).read_bytes()
            if name.endswith(".dcm"):
                yield from _in_dicom(view, name, raw)
            else:
                yield from _in_volume(view, name, raw)
        except _UNREADABLE:
            yield Finding(EXPORT_LEAK, name, "it cannot be read")


def _in_dicom(view: CaseView, name: str, raw: bytes) -> Iterator[Finding]:
    """Search a DICOM file as the instances are searched."""
    dataset = read_dataset(raw)
    record = CaseInstance(name, str(dataset.get("SOPInstanceUID", "")), "", "", len(raw), 0)
    elements = all_elements(dataset)
    instance = InstanceView(record, raw, dataset.file_meta, dataset, elements)
    for finding in check_leaks(view, instance):
        yield dataclasses.replace(finding, kind=EXPORT_LEAK)


def _in_volume(view: CaseView, name: str, raw: bytes) -> Iterator[Finding]:
    """Search a volume's header strictly, and its voxels for what cannot stand there by chance."""
    if name.endswith(".nrrd"):
        header, _, packed = raw.partition(b"\n\n")
        voxels = _unpacked(packed)
    else:
        packed, whole = raw, _unpacked(raw)
        header, voxels = whole[:_NIFTI_HEADER], whole[_NIFTI_HEADER:]
    hits = [*view.scanner.in_text(header)]
    hits += view.scanner.in_binary(packed, pixels=False)
    hits += view.scanner.in_binary(voxels, pixels=True)
    for token in dict.fromkeys(needle.token for needle, _ in hits):
        yield Finding(EXPORT_LEAK, name, f"{token.describe()} stands in it")


def _unpacked(data: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as handle:
        return handle.read(LARGEST)
