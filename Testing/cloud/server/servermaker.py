"""De-identified instances to store, pipelines to run, and a client that only knows HTTP."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from Clinic2CloudLib.cloud.dicomjson import code, element
from Clinic2CloudLib.errors import InputError
from Clinic2CloudLib.pipelines.registry import Option, Pipeline
from Clinic2CloudLib.progress import Progress

TOKEN = "a-token-for-tests"
STUDY, SERIES = "2.25.7001", "2.25.7002"


def data_set(number: int = 1, *, side: int = 16, **changes: Any) -> Dataset:
    """One de-identified MR slice; ``changes`` are keywords, None removes one."""
    made = Dataset()
    made.SOPClassUID = MRImageStorage
    made.StudyInstanceUID = STUDY
    made.SeriesInstanceUID = SERIES
    made.StudyDate, made.StudyTime = "20200103", "101500"
    made.PatientID, made.PatientName = "PAT-1", "ANON^ONE"
    made.PatientIdentityRemoved = "YES"
    made.Modality, made.SeriesDescription, made.SeriesNumber = "MR", "T1", 3
    made.InstanceNumber = number
    made.Rows = made.Columns = side
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelRepresentation, made.SamplesPerPixel = 0, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    pixels = np.random.default_rng(number).integers(0, 4096, (side, side), np.uint16)
    made.PixelData = pixels.tobytes()
    made.update({key: value for key, value in changes.items() if value is not None})
    for key in (key for key, value in changes.items() if value is None):
        delattr(made, key)
    made.SOPInstanceUID = changes.get("SOPInstanceUID", f"{made.SeriesInstanceUID}.{number}")
    return made


def part10(made: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Write a data set as a Part 10 file."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def slices(count: int, first: int = 1, **changes: Any) -> list[bytes]:
    """Several slices of one series."""
    return [part10(data_set(n, **changes)) for n in range(first, first + count)]


def multipart(contents: Sequence[bytes], boundary: str = "XbX") -> bytes:
    """The body of a store request."""
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + one + b"\r\n" for one in contents) + f"--{boundary}--\r\n".encode()


CONTENT_TYPE = 'multipart/related; type="application/dicom"; boundary=XbX'
ALL = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class Web:
    """A session with the server's base URL and token."""

    def __init__(self, base: str, token: str = TOKEN) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, accept: str = "application/dicom+json", **params: Any) -> Any:
        return self.session.get(
            self.base + path, params=params, headers={"Accept": accept}, timeout=30
        )

    def post(self, path: str, data: Any, kind: str = "application/dicom+json") -> Any:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return self.session.post(
            self.base + path, data=body, headers={"Content-Type": kind}, timeout=60
        )

    def put(self, path: str, data: Any) -> Any:
        return self.session.put(
            self.base + path,
            data=json.dumps(data),
            headers={"Content-Type": "application/dicom+json"},
            timeout=30,
        )

    def store(self, contents: Sequence[bytes], study: str = "") -> Any:
        path = f"/studies/{study}" if study else "/studies"
        return self.post(path, multipart(contents), CONTENT_TYPE)

    def stored(self) -> set[str]:
        """The UIDs of all instances that a search finds."""
        answer = self.get("/instances")
        return set() if answer.status_code == 204 else {uid_of(one) for one in answer.json()}

    def wait(self, uid: str, *states: str, seconds: float = 30) -> dict[str, Any]:
        """Wait until a work item is in one of some states."""
        end = time.monotonic() + seconds
        while True:
            item: dict[str, Any] = self.get(f"/workitems/{uid}").json()[0]
            if value(item, "00741000") in (states or ("COMPLETED", "CANCELED")):
                return item
            assert time.monotonic() < end, value(item, "00741000")
            time.sleep(0.05)


def value(item: Mapping[str, Any], *path: str) -> Any:
    """The first value at a path of tags, None where there is none."""
    found: Any = item
    for tag in path:
        found = (found.get(tag, {}).get("Value") or [None])[0]
        if found is None:
            return None
    return found


def uid_of(item: Mapping[str, Any]) -> str:
    return str(value(item, "00080018"))


def referenced(answer: Any, tag: str = "00081199") -> list[str]:
    """The UIDs in Referenced (or Failed) SOP Sequence of a store answer."""
    listed = answer.json()[0].get(tag, {}).get("Value", [])
    return [value(item, "00081155") for item in listed]


def failures(answer: Any) -> dict[str | None, int]:
    """Failure reason by UID."""
    module = answer.json()[0]
    return {
        value(item, "00081155"): value(item, "00081197")
        for tag in ("00081198", "0008119A")
        for item in module.get(tag, {}).get("Value", [])
    }


def parts_of(answer: Any) -> list[bytes]:
    """The contents of a multipart answer."""
    boundary = answer.headers["Content-Type"].partition("boundary=")[2].strip('"')
    pieces = answer.content.split(f"--{boundary}".encode())[1:-1]
    return [piece.partition(b"\r\n\r\n")[2][:-2] for piece in pieces]


# ---------------------------------------------------------------- work items


def work(
    pipeline: str, inputs: Sequence[str], options: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A work item's data set, as a client creates it."""
    references = [
        {"00081150": element("UI", MRImageStorage), "00081155": element("UI", uid)}
        for uid in inputs
    ]
    return {
        "00100010": element("PN"),
        "00100020": element("LO", "PAT-1"),
        "0020000D": element("UI", STUDY),
        "00404005": element("DT", "20240101120000"),
        "00404018": element("SQ", code(pipeline, "99C2C", pipeline)),
        "00404021": element(
            "SQ",
            {
                "0040E020": element("CS", "DICOM"),
                "0020000D": element("UI", STUDY),
                "0020000E": element("UI", SERIES),
                "00081199": element("SQ", *references),
            },
        ),
        "00404041": element("CS", "READY"),
        "00741000": element("CS", "SCHEDULED"),
        "00741200": element("CS", "MEDIUM"),
        "00741202": element("LO", "test"),
        "00741204": element("LO", pipeline),
        "00741210": element(
            "SQ",
            *(
                {
                    "0040A040": element("CS", "TEXT"),
                    "0040A043": element("SQ", code(name, "99C2C", name)),
                    "0040A160": element("UT", said),
                }
                for name, said in (options or {}).items()
            ),
        ),
        **more,
    }


@dataclass(frozen=True)
class Uids:
    """UIDs of the instances that :func:`slices` makes."""

    count: int

    def list(self) -> list[str]:
        return [f"{SERIES}.{n}" for n in range(1, self.count + 1)]


def _result(inputs: Sequence[Path], out: Path, note: str) -> tuple[Path, ...]:
    source = dcmread(inputs[0])
    made = []
    for number in (1, 2):
        result = data_set(number, SeriesInstanceUID="2.25.7099", SeriesDescription=note)
        result.StudyInstanceUID = source.StudyInstanceUID
        result.ImageComments = f"made of {len(inputs)} images"
        path = out / f"result{number}.dcm"
        path.write_bytes(part10(result))
        made.append(path)
    return tuple(made)


def quick(
    inputs: Sequence[Path], out: Path, options: Mapping[str, Any], progress: Progress
) -> tuple[Path, ...]:
    """Makes two results at once."""
    progress(0.5, "half way")
    return _result(inputs, out, str(options["note"]))


def slow(
    inputs: Sequence[Path], out: Path, options: Mapping[str, Any], progress: Progress
) -> tuple[Path, ...]:
    """Takes its time until a file named ``go`` appears; leaves a line for each run."""
    gate = Path(os.environ["C2C_TEST_GATE"])
    helper = subprocess.Popen(["sleep", "600"])  # such as a pool of Dask's own processes
    (gate / "helper").write_text(str(helper.pid))
    with (gate / "runs").open("a") as handle:
        handle.write(f"{os.getpid()}\n")
    try:
        for step in range(1200):
            if (gate / "go").exists():
                return _result(inputs, out, "quick")
            progress(min(0.01 * step, 0.9), f"step {step}")
            time.sleep(0.05)
        raise InputError("nobody let it go")
    finally:
        if threading.current_thread() is not threading.main_thread():
            helper.kill()  # on a cluster's worker; elsewhere the engine must see to it


def failing(
    inputs: Sequence[Path], out: Path, options: Mapping[str, Any], progress: Progress
) -> tuple[Path, ...]:
    """Fails in the way it is told."""
    how = options["how"]
    if how == "sentence":
        raise InputError("this is no head")
    if how == "exception":
        raise ValueError("PatientName is Doe^John")
    if how == "loud":
        print("PatientName is Doe^John", flush=True)
        warnings.warn("PatientName is Doe^John", stacklevel=1)
        os.write(2, b"PatientName is Doe^John")
    if how == "killed":
        os.kill(os.getpid(), 9)
    if how == "exit":
        os._exit(3)
    if how == "identified":
        path = out / "result.dcm"
        path.write_bytes(part10(data_set(1, SOPInstanceUID="2.25.9", PatientIdentityRemoved=None)))
        return (path,)
    return ()


def _pipeline(name: str, function: Any, *options: Option) -> Pipeline:
    return Pipeline(name, name.title(), "For a test.", options, function, "1")


PIPELINES = {
    "quick": _pipeline("quick", quick, Option("note", "text", "quick")),
    "slow": _pipeline("slow", slow),
    "failing": _pipeline("failing", failing, Option("how", "text", "sentence")),
}


# ---------------------------------------------------------------- a server to kill


class Process:
    """A server in a process of its own, so that it can be killed."""

    def __init__(self, data: Path, gate: Path) -> None:
        environment = {**os.environ, "C2C_TEST_GATE": str(gate)}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(data)],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert self.process.stdout is not None
        self.web = Web(self.process.stdout.readline().strip())
        self.seconds_to_start = time.monotonic() - started

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def terminate(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


def _main() -> None:
    import servermaker  # by its name, so that the pipelines' processes find it too

    from Clinic2CloudLib.cloud.server import serve

    serve(
        Path(sys.argv[1]),
        port=0,
        token=TOKEN,
        pipelines=servermaker.PIPELINES,
        ready=lambda running: print(running.base_url, flush=True),
    )


if __name__ == "__main__":
    _main()
