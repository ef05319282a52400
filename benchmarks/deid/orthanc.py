"""Orthanc's anonymization, in a server of its own on the loopback interface."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from shutil import which

from .tools import Run


def orthanc(source: Path, out: Path) -> Run:
    """Store all files, anonymize each patient as a whole, write what comes back."""
    import requests

    program = which("Orthanc") or which("/usr/sbin/Orthanc")
    if program is None:
        return Run(skipped="not installed (Debian: orthanc)")
    with tempfile.TemporaryDirectory() as folder:
        web, dicom = _free_port(), _free_port()
        settings = {
            "Name": "BENCHMARK", "StorageDirectory": f"{folder}/store",
            "IndexDirectory": f"{folder}/store", "HttpPort": web, "DicomPort": dicom,
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [],
            "HttpServerEnabled": True, "DicomServerEnabled": False,
        }  # fmt: skip
        Path(folder, "settings.json").write_text(json.dumps(settings))
        server = subprocess.Popen(
            [program, f"{folder}/settings.json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            session, base = requests.Session(), f"http://127.0.0.1:{web}"
            if not _answers(session, base):
                return Run(skipped="the server did not start")
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
            return Run(time.perf_counter() - began)
        finally:
            server.terminate()
            server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(session: object, base: str) -> bool:
    import requests

    for _ in range(100):
        try:
            if session.get(f"{base}/system", timeout=2).status_code == 200:  # type: ignore[attr-defined]
                return True
        except requests.ConnectionError:
            time.sleep(0.2)
    return False
