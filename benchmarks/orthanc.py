"""An Orthanc of our own on the loopback interface, as a peer."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

PLUGINS = Path("/usr/share/orthanc/plugins")


@contextlib.contextmanager
def running(**settings: Any) -> Iterator[str]:
    """Run it with an empty store and give its address; LookupError says why it cannot be."""
    program = which("Orthanc") or which("/usr/sbin/Orthanc")
    if program is None:
        raise LookupError("not installed (Debian: orthanc)")
    with tempfile.TemporaryDirectory() as folder:
        web, dicom = _free_port(), _free_port()
        settings = {
            "Name": "BENCHMARK", "StorageDirectory": f"{folder}/store",
            "IndexDirectory": f"{folder}/store", "HttpPort": web, "DicomPort": dicom,
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [],
            "HttpServerEnabled": True, "DicomServerEnabled": False, **settings,
        }  # fmt: skip
        Path(folder, "settings.json").write_text(json.dumps(settings))
        server = subprocess.Popen(
            [program, f"{folder}/settings.json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            base = f"http://127.0.0.1:{web}"
            if not _answers(base):
                raise LookupError("the server did not start")
            yield base
        finally:
            server.terminate()
            server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(base: str) -> bool:
    import requests

    for _ in range(100):
        try:
            if requests.get(f"{base}/system", timeout=2).status_code == 200:
                return True
        except requests.ConnectionError:
            time.sleep(0.2)
    return False
