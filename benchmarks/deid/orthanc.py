"""Orthanc's anonymization, in a server of its own on the loopback interface."""

from __future__ import annotations

import time
from pathlib import Path

from ..orthanc import running
from .tools import Run


def orthanc(source: Path, out: Path) -> Run:
    """Store all files, anonymize each patient as a whole, write what comes back."""
    try:
        with running() as base:
            return Run(_anonymize(base, source, out))
    except LookupError as error:
        return Run(skipped=str(error))


def _anonymize(base: str, source: Path, out: Path) -> float:
    import requests

    session = requests.Session()
    began = time.perf_counter()
    for path in sorted(source.glob("*.dcm")):
        session.post(f"{base}/instances", data=path.read_bytes(), timeout=60)
    for patient in session.get(f"{base}/patients", timeout=60).json():
        answer = session.post(
            f"{base}/patients/{patient}/anonymize", json={"KeepSource": False}, timeout=300
        )
        if answer.status_code != 200:
            continue
        new = answer.json()["ID"]
        found = session.get(f"{base}/patients/{new}/instances", timeout=60).json()
        for entry in found:
            data = session.get(f"{base}/instances/{entry['ID']}/file", timeout=60).content
            (out / f"{entry['ID']}.dcm").write_bytes(data)
    return time.perf_counter() - began
