"""Brings a job's results home: streamed, checked to belong to the case, named, readable."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import atomic
from ..cases.case import Case
from ..errors import CloudError, OutputError
from ..progress import Progress, part
from .dicomweb import DICOMwebClient
from .jobs import Job, Reference
from .retry import RetryPolicy

if TYPE_CHECKING:
    from pydicom import Dataset

#: File name endings of what is taken out of encapsulated documents (PS3.3 section C.24.2), by
#: MIME Type of Encapsulated Document (0042,0012); others stay inside.
ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "text/xml": "xml",
    "model/stl": "stl",
    "model/obj": "obj",
}


@dataclass(frozen=True)
class Result:
    """One result on disk.

    Attributes
    ----------
    path : Path
        The DICOM file.
    modality : str
        For instance SEG, SR, DOC.
    sop_class_uid, series_uid, sop_instance_uid : str
        What it is.
    description : str
        Its Series Description.
    extracted : Path or None
        The document taken out of it, for reading.
    """

    path: Path
    modality: str
    sop_class_uid: str
    series_uid: str
    sop_instance_uid: str
    description: str
    extracted: Path | None


def fetch_results(
    job: Job,
    folder: Path,
    case: Case | None = None,
    progress: Progress | None = None,
    *,
    policy: RetryPolicy | None = None,
) -> tuple[Result, ...]:
    """Retrieve all results of a job that is done.

    Each becomes ``<modality>-<short id>.dcm`` in the folder, and a document inside it a file of
    the same name beside it. A name appears only when the file is whole and checked.

    Parameters
    ----------
    job : Job
        A job that is ``done``.
    folder : Path
        Where to; made when missing.
    case : Case, optional
        The case it ran on: its study and pseudonymous patient must be the results' own. Without
        one those that the job names are compared.
    progress : Progress, optional
        May raise Cancelled; what is complete by then stays.
    policy : RetryPolicy, optional
        How long trouble is put up with.

    Raises
    ------
    CloudError
        When the job is not done, the server does not give a result, or one belongs to another case.
    OutputError
        When the folder cannot be written.
    """
    if job.state != "done":
        raise CloudError(f"the job has no results: it is {job.state}")
    if case is not None:
        _check_inputs(job, case)
    studies = {case.study_uid} if case else {reference.study_uid for reference in job.inputs}
    patient = case.patient_id if case else job.patient_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {folder.name}: {error.strerror or error}") from error
    results = []
    with DICOMwebClient(job.destination, policy=policy) as client:
        for number, reference in enumerate(job.outputs):
            told = part(progress, number / len(job.outputs), (number + 1) / len(job.outputs))
            told(0.0, f"fetching result {number + 1} of {len(job.outputs)}")
            results.append(_fetch(client, reference, folder, studies, patient, told))
            told(1.0, f"fetched {number + 1} of {len(job.outputs)} results")
    return tuple(results)


def _check_inputs(job: Job, case: Case) -> None:
    """Refuse a job that worked on something other than the case."""
    own = {item.sop_instance_uid for item in case.instances}
    if {reference.sop_instance_uid for reference in job.inputs} != own:
        raise CloudError(f"the job did not work on {case.id}")


def _fetch(
    client: DICOMwebClient,
    reference: Reference,
    folder: Path,
    studies: set[str],
    patient: str,
    progress: Progress,
) -> Result:
    short = hashlib.sha256(reference.sop_instance_uid.encode()).hexdigest()[:8]
    beside = folder / f".{short}.{secrets.token_hex(4)}.part"
    try:
        client.save(
            reference.study_uid,
            reference.series_uid,
            reference.sop_instance_uid,
            beside,
            progress,
        )
        data_set = _read(beside)
        _check(data_set, reference, studies, patient)
        modality = "".join(c for c in str(data_set.get("Modality", "")) if c.isalnum()) or "OT"
        final = folder / f"{modality}-{short}.dcm"
        _settle(beside, final)
    finally:
        beside.unlink(missing_ok=True)
    return Result(
        path=final,
        modality=modality,
        sop_class_uid=str(data_set.SOPClassUID),
        series_uid=str(data_set.SeriesInstanceUID),
        sop_instance_uid=str(data_set.SOPInstanceUID),
        description=str(data_set.get("SeriesDescription", "")),
        extracted=_extract(data_set, final),
    )


def _read(path: Path) -> Dataset:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        return dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, ValueError, EOFError, AttributeError, TypeError, OSError):
        raise CloudError("a result is not a DICOM file") from None


def _check(data_set: Dataset, reference: Reference, studies: set[str], patient: str) -> None:
    """Refuse a result that is not the one asked for, or of another study or patient."""
    if str(data_set.get("SOPInstanceUID", "")) != reference.sop_instance_uid:
        raise CloudError("the server gave another object than the result that was asked for")
    same_study = str(data_set.get("StudyInstanceUID", "")) in studies
    if not same_study or str(data_set.get("PatientID", "")) != patient:
        raise CloudError("a result belongs to another case; it was not kept")
    if not data_set.get("SOPClassUID") or not data_set.get("SeriesInstanceUID"):
        raise CloudError("a result is not a complete DICOM object")


def _settle(beside: Path, final: Path) -> None:
    """Give a whole file its name, on disk before it is seen."""
    try:
        with beside.open("rb+") as handle:
            os.fsync(handle.fileno())
        beside.replace(final)
        atomic.sync_folder(final.parent)
    except OSError as error:
        raise OutputError(f"cannot write {final.name}: {error.strerror or error}") from error


def _extract(data_set: Dataset, final: Path) -> Path | None:
    """Write an encapsulated document beside its DICOM file, without the padding byte."""
    ending = ENDINGS.get(str(data_set.get("MIMETypeOfEncapsulatedDocument", "")))
    document = data_set.get("EncapsulatedDocument")
    if ending is None or not document:
        return None
    length = data_set.get("EncapsulatedDocumentLength")
    path = final.with_suffix(f".{ending}")
    atomic.write_bytes(path, bytes(document)[: int(length)] if length else bytes(document))
    return path
