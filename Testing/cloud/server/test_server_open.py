"""Who may ask, where the server listens, how it starts and stops."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import servermaker as sm
from servermaker import CONTENT_TYPE, SERIES, TOKEN, Process, Web

from Clinic2CloudLib.cloud.server import create_app, serve, serving, subscriptions
from Clinic2CloudLib.cloud.server.store import Store
from Clinic2CloudLib.errors import InputError


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
def test_without_the_token_nothing_is_answered(
    web: Web, header: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {} if header is None else {"Authorization": header}
    body = sm.multipart(sm.slices(1))
    for method, path in (("GET", "/studies"), ("POST", "/studies"), ("GET", "/nowhere")):
        answer = requests.request(
            method,
            web.base + path,
            headers={**headers, "Content-Type": CONTENT_TYPE},
            data=body if method == "POST" else None,
            timeout=10,
        )
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert web.stored() == set()
    assert TOKEN not in caplog.text


def test_a_client_that_sends_much_with_a_wrong_token_gets_its_answer(web: Web) -> None:
    answer = Web(web.base, "wrong").post("/studies", b"x" * (12 << 20), CONTENT_TYPE)
    assert answer.status_code == 401


def test_an_error_nobody_foresaw_tells_neither_client_nor_log_what_was_sent(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object, **wanted: object) -> None:
        raise ValueError("Doe^Jane")

    monkeypatch.setattr(Store, "find", broken)
    answer = web.get(f"/studies/{sm.STUDY}", accept=sm.ALL)
    assert answer.status_code == 500
    assert "Doe" not in answer.text
    # The server's thread logs once the answer is on its way.
    end = time.monotonic() + 10
    while "ValueError" not in caplog.text and time.monotonic() < end:
        time.sleep(0.02)
    assert "ValueError" in caplog.text
    assert "Doe" not in caplog.text


def test_neither_names_nor_tokens_are_logged(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        web.store(sm.slices(1, PatientName="Doe^Jane", PatientIdentityRemoved="NO"))
        web.get("/studies", PatientName="Doe*")
    for secret in ("Doe", TOKEN, SERIES):
        assert secret not in "".join(
            record.getMessage() for record in caplog.records if "Clinic2Cloud" in record.name
        )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": "0.0.0.0", "token": TOKEN}, "needs a TLS certificate"),
        ({"host": "192.0.2.1", "token": TOKEN}, "needs a TLS certificate"),
        ({"host": "example.org", "token": TOKEN}, "needs a TLS certificate"),
        ({"host": "0.0.0.0", "tls_cert": Path("c"), "tls_key": Path("k")}, "needs a token"),
        ({"tls_cert": Path("c"), "token": TOKEN}, "both a certificate and its key"),
        ({"tls_cert": Path("c"), "tls_key": Path("k"), "token": TOKEN}, "cannot be used"),
        ({"token": "two words"}, "bearer token"),
        ({"token": ""}, "bearer token"),
        ({"token": TOKEN, "scheduler": "somewhere"}, "scheduler must be"),
        ({"host": "not a host", "tls_cert": Path("c"), "tls_key": Path("k"), "token": TOKEN}, "no"),
    ],
)
def test_an_unsafe_or_senseless_wish_is_refused(
    tmp_path: Path, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        serve(tmp_path / "data", **{"port": 0, **options})  # type: ignore[arg-type]


def test_a_taken_port_and_a_folder_in_use_are_refused(tmp_path: Path) -> None:
    with serving(tmp_path / "data", token=TOKEN, pipelines={}) as running:
        port = int(running.base_url.split(":")[2].split("/")[0])
        with pytest.raises(InputError, match=f"port {port}"):
            serve(tmp_path / "other", port=port, token=TOKEN)
        with pytest.raises(InputError, match="another server"):
            create_app(tmp_path / "data", token=TOKEN, pipelines={})
    create_app(tmp_path / "data", token=TOKEN, pipelines={})


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(InputError, match="cannot be used"):
        create_app(tmp_path / "data", token=TOKEN)


def test_the_server_makes_a_private_token_of_its_own(tmp_path: Path) -> None:
    tokens = []
    for _ in range(2):
        with serving(tmp_path / "data", pipelines={}) as running:
            assert running.token_file is not None
            assert running.token_file.stat().st_mode & 0o077 == 0
            token = running.token_file.read_text().strip()
            assert Web(running.base_url, token).get("/studies").status_code == 204
            assert Web(running.base_url, "").get("/studies").status_code == 401
            tokens.append(token)
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) >= 40


def test_the_data_folder_is_for_this_user_only(tmp_path: Path) -> None:
    with serving(tmp_path / "data", token=TOKEN, pipelines={}):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_it_starts_quickly_and_stops_in_good_order(tmp_path: Path, gate: Path) -> None:
    with Process(tmp_path / "data", gate) as server:
        assert server.seconds_to_start < 10  # two seconds when nothing else runs
        server.web.store(sm.slices(2))
        assert server.terminate() == 0
    with Process(tmp_path / "data", gate) as server:
        assert len(server.web.stored()) == 2


def test_tls_is_spoken_with_a_certificate(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    _self_signed(key, cert)
    options = {"token": TOKEN, "pipelines": {}, "tls_cert": cert, "tls_key": key}
    with serving(tmp_path / "data", host="0.0.0.0", **options) as running:
        url = running.base_url.replace("0.0.0.0", "127.0.0.1")
        assert url.startswith("https://")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.get(f"{url}/studies", headers=headers, verify=str(cert), timeout=10)
        assert answer.status_code == 204
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{url}/studies", headers=headers, timeout=10)


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    _self_signed(key, cert, b"a password")
    with pytest.raises(InputError, match="cannot be used"):
        serve(tmp_path / "data", port=0, token=TOKEN, tls_cert=cert, tls_key=key)
    assert not (tmp_path / "data").exists()


def test_pipelines_are_offered_with_their_options(web: Web) -> None:
    offered = web.get("/pipelines").json()
    assert [one["name"] for one in offered] == ["quick", "slow", "failing"]
    assert offered[0]["options"] == [
        {"name": "note", "kind": "text", "default": "quick", "choices": [], "help": ""}
    ]


def test_the_real_pipelines_are_offered_unless_others_are_given(tmp_path: Path) -> None:
    with serving(tmp_path / "data", token=TOKEN) as running:
        offered = Web(running.base_url).get("/pipelines").json()
    assert "brain-volumetry" in [one["name"] for one in offered]


def test_nothing_heavy_is_imported_before_a_job_runs() -> None:
    code = (
        "import sys; from pathlib import Path; import tempfile\n"
        "from Clinic2CloudLib.cloud.server import create_app\n"
        "create_app(Path(tempfile.mkdtemp()), token='t')\n"
        "print([m for m in ('dask', 'distributed', 'vtk', 'SimpleITK', 'torch', 'scipy') "
        "if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_without_websockets_a_subscription_is_not_pretended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "find_spec", lambda name: None)
    with serving(tmp_path / "data", token=TOKEN, pipelines={}) as running:
        answer = Web(running.base_url).post("/workitems/2.25.1/subscribers/CLINIC", b"")
        assert answer.status_code == 501
        assert "without WebSockets" in answer.text


def _self_signed(key_file: Path, cert_file: Path, password: bytes = b"") -> None:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    cert = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(addresses, critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password)
            if password
            else serialization.NoEncryption(),
        )
    )
    cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
