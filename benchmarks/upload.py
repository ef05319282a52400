"""Verified upload of 384 MR slices to the embedded server and to Orthanc, one and two lanes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from . import table
from .orthanc import PLUGINS, running

TITLE = "verified upload: MB/s to the embedded server and to Orthanc, one and two connections"
SLICES, SIDE = 384, 325


def run(full: bool, arguments: list[str] | None = None) -> None:
    """Print the table; the order of the ways changes with each round."""
    rounds = 7 if full else 3
    rows: list[tuple[str, ...]] = [("server", "connections", "median MB/s", "least", "most")]
    with tempfile.TemporaryDirectory() as scratch, _own_home(Path(scratch) / "home"):
        for name, server in (("embedded", _embedded), ("Orthanc", _orthanc)):
            try:
                with server(Path(scratch)) as destination:
                    found = _rounds(Path(scratch), name, destination, rounds)
            except LookupError as error:
                rows.append((name, str(error)))
                continue
            for count, speeds in found.items():
                middle = (statistics.median(speeds), min(speeds), max(speeds))
                rows.append((name, str(count), *(f"{speed:.0f}" for speed in middle)))
    table(rows)


def _rounds(scratch: Path, name: str, destination: object, rounds: int) -> dict[int, list[float]]:
    """Upload a new series each time; megabytes per second from asking to verified."""
    from Clinic2CloudLib.cloud import transfer
    from Clinic2CloudLib.cloud.upload import upload_case

    found: dict[int, list[float]] = {1: [], 2: []}
    shipped = transfer.CONNECTIONS
    try:
        for number in range(rounds):
            for count in sorted(found, reverse=bool(number % 2)):
                folder = scratch / f"{name}-{number}-{count}"
                size = write_case(folder, f"2.25.{1000 + 10 * number + count}")
                transfer.CONNECTIONS = count
                result = upload_case(folder, destination)  # type: ignore[arg-type]
                found[count].append(size / 1e6 / result.seconds)
                shutil.rmtree(folder)
    finally:
        transfer.CONNECTIONS = shipped
    return found


def write_case(folder: Path, series: str) -> int:
    """Write an approved case of one series of noise; returns its size in bytes."""
    from Clinic2CloudLib.cases.case import Case, CaseInstance, digest_of, load_case, save_case
    from Clinic2CloudLib.cases.review import review_case

    (folder / "instances").mkdir(parents=True)
    instances = []
    for number in range(1, SLICES + 1):
        content, name = mr_slice(series, number), f"instances/{number:05d}.dcm"
        (folder / name).write_bytes(content)
        digest, uid = hashlib.sha256(content).hexdigest(), f"{series}.{number}"
        instances.append(
            CaseInstance(name, uid, "1.2.840.10008.5.1.4.1.1.4", digest, len(content), 1)
        )
    listed = tuple(instances)
    save_case(
        Case(
            folder=folder, id=folder.name, state="verified", modality="MR", series_uid=series,
            study_uid=f"{series}.0", patient_id="P", description="", instances=listed,
            digest=digest_of(listed), verification={"ok": True, "checks": [], "findings": []},
        )
    )  # fmt: skip
    review_case(folder, approve=True, reviewer="benchmark", verifier=load_case)
    return sum(item.bytes for item in listed)


def mr_slice(series: str, number: int) -> bytes:
    """Return one slice of noise, which no server can make small, as a Part 10 file."""
    from pydicom import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = MRImageStorage, f"{series}.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{series}.0", series
    made.PatientID, made.PatientIdentityRemoved, made.Modality = "P", "YES", "MR"
    made.Rows = made.Columns = SIDE
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelRepresentation, made.SamplesPerPixel = 0, 1
    made.PhotometricInterpretation, made.InstanceNumber = "MONOCHROME2", number
    values = np.random.default_rng(number).integers(0, 4096, (SIDE, SIDE), np.uint16)
    made.PixelData = values.tobytes()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@contextlib.contextmanager
def _embedded(scratch: Path) -> Iterator[object]:
    from Clinic2CloudLib.cloud.destination import Destination
    from Clinic2CloudLib.cloud.server import serving

    with serving(scratch / "cloud", pipelines={}) as server:
        yield Destination(server.base_url, token_file=server.token_file)


@contextlib.contextmanager
def _orthanc(scratch: Path) -> Iterator[object]:
    from Clinic2CloudLib.cloud.destination import Destination

    if not (PLUGINS / "libOrthancDicomWeb.so").exists():
        raise LookupError("its DICOMweb plugin is not installed (Debian: orthanc-dicomweb)")
    with running(Plugins=[str(PLUGINS)], DicomWeb={"Enable": True}) as base:
        yield Destination(f"{base}/dicom-web")


@contextlib.contextmanager
def _own_home(folder: Path) -> Iterator[None]:
    """Keep key and outbox of the benchmark apart from the user's."""
    before = os.environ.get("CLINIC2CLOUD_HOME")
    os.environ["CLINIC2CLOUD_HOME"] = str(folder)
    try:
        yield
    finally:
        del os.environ["CLINIC2CLOUD_HOME"]
        if before is not None:
            os.environ["CLINIC2CLOUD_HOME"] = before
