"""A pipeline of one report, in a module of its own because the server runs it elsewhere."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from casemaker import PATIENT, STUDY
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from Clinic2CloudLib.errors import InputError
from Clinic2CloudLib.pipelines.registry import Option, Pipeline
from Clinic2CloudLib.progress import Progress

PDF = b"%PDF-1.4 volumes in ml"
RESULT, RESULT_SERIES = "2.25.900", "2.25.77"


def report(uid: str = RESULT, *, patient: str = PATIENT, study: str = STUDY) -> bytes:
    """An encapsulated PDF as a Part 10 file."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = EncapsulatedPDFStorage, uid
    data.StudyInstanceUID, data.SeriesInstanceUID = study, RESULT_SERIES
    data.PatientID, data.PatientIdentityRemoved = patient, "YES"
    data.Modality, data.SeriesDescription = "DOC", "Brain volumes"
    data.MIMETypeOfEncapsulatedDocument = "application/pdf"
    data.EncapsulatedDocument = PDF + b"\0" * (len(PDF) % 2)
    data.EncapsulatedDocumentLength = len(PDF)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def run(
    inputs: Sequence[Path], out: Path, options: Mapping[str, Any], progress: Progress
) -> tuple[Path, ...]:
    """Write the report; ``mood`` decides how it goes."""
    if options["mood"] == "bad":
        raise InputError("no brain was found")
    while options["mood"] == "slow":
        progress(0.3, "thinking")
        time.sleep(0.05)
    path = out / "report.dcm"
    path.write_bytes(report())
    progress(1.0, f"read {len(inputs)} images")
    return (path,)


REPORT = Pipeline(
    "report", "Report", "One page.", (Option("mood", "text", "good"),), run, version="1"
)
