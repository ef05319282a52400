"""What is compared: ours, and peers where they can be installed or are."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from Clinic2CloudLib.cases.policy import load_policy
from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.dicom.index import index_file
from Clinic2CloudLib.dicom.profile import HeaderDeidentifier, PixelsDone
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms
from Clinic2CloudLib.dicom.source import disk_file
from Clinic2CloudLib.errors import NotDeidentifiableError
from Clinic2CloudLib.steps.texts import remove_text

ENVIRONMENTS = Path("build/peers")
DRIVER = Path(__file__).with_name("peer_driver.py")
PYTHON_PEERS = ("dicom-anonymizer", "deid", "dicognito")
KEY = b"a key for benchmarks, 32 bytes.."


@dataclass
class Run:
    """How a tool ran: seconds for all files, or why it did not."""

    seconds: float = 0.0
    skipped: str = ""


def ours(source: Path, out: Path) -> Run:
    """Headers by the ``research`` policy, and burned-in text where the header says it may be."""
    policy = load_policy("research")
    engine = HeaderDeidentifier(policy.headers, Pseudonyms(KEY), DescriptorCleaner())
    began, text = time.perf_counter(), 0.0
    for path in sorted(source.glob("*.dcm")):
        raw = path.read_bytes()
        try:
            if b"ULTRASOUND" in raw or _may_show_text(raw):
                started = time.perf_counter()
                instance = index_file(disk_file(path, path.name)).instance
                cleaned = remove_text(instance, raw, "auto")
                raw, done = cleaned.raw, PixelsDone(bool(cleaned.boxes), False, cleaned.checked)
                text += time.perf_counter() - started
            else:
                done = PixelsDone()
            (out / path.name).write_bytes(engine.deidentify(raw, done).data)
        except NotDeidentifiableError:
            continue  # set aside
    return Run(time.perf_counter() - began - text)


def _may_show_text(raw: bytes) -> bool:
    return b"1.2.840.10008.5.1.4.1.1.6.1" in raw[:512]


def python_peer(name: str) -> Callable[[Path, Path], Run]:
    """Return the runner of a peer from PyPI, in an environment of its own."""

    def run(source: Path, out: Path) -> Run:
        python = _environment(name)
        if python is None:
            return Run(skipped="it could not be installed with pip")
        command = [str(python), str(DRIVER), name, str(source), str(out)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            return Run(skipped=ended.stderr.strip().splitlines()[-1][:80])
        return Run(json.loads(ended.stdout.splitlines()[-1])["seconds"])

    return run


def _environment(name: str) -> Path | None:
    """Return the Python of a peer's environment, made and filled on first use."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        print(f"installing {name} ...", file=sys.stderr)
    pip = [str(python), "-m", "pip"]
    if subprocess.run([*pip, "show", "-q", name], capture_output=True, check=False).returncode:
        install = [*pip, "install", "-q", "--disable-pip-version-check", name]
        if subprocess.run(install, capture_output=True, check=False).returncode:
            return None
    return python


def gdcmanon(source: Path, out: Path) -> Run:
    """GDCM's tool: the Basic Profile, with the originals encrypted for a certificate made here."""
    if which("gdcmanon") is None:
        return Run(skipped="not installed (Debian: libgdcm-tools)")
    pem = certificate(out.parent / "gdcmanon.pem")
    began = time.perf_counter()
    command = ["gdcmanon", "-e", "-c", str(pem), "-r", "--continue"]
    subprocess.run([*command, "-i", str(source), "-o", str(out)], capture_output=True, check=False)
    seconds = time.perf_counter() - began
    if not any(out.iterdir()):
        return Run(skipped="it wrote nothing")
    return Run(seconds)


def certificate(path: Path) -> Path:
    """Write a self-signed certificate whose private key is thrown away."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "benchmark")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path
