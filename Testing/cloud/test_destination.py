"""Where a case may go, and whom the client trusts."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fake_cloud import Cloud, Handler, fake_cloud

from Clinic2CloudLib.cloud.destination import Destination, read_token
from Clinic2CloudLib.cloud.dicomweb import DICOMwebClient
from Clinic2CloudLib.cloud.retry import RetryPolicy
from Clinic2CloudLib.errors import CloudError, InputError

ONCE = RetryPolicy(budget=0.2, before_contact=0.2, first=0.05)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://cloud.example/dicom-web/", "https://cloud.example/dicom-web"),
        ("https://cloud.example", "https://cloud.example/dicom-web"),
        ("http://127.0.0.1:8042", "http://127.0.0.1:8042/dicom-web"),
        ("http://[::1]:8042/pacs", "http://[::1]:8042/pacs"),
        ("http://localhost:1/x", "http://localhost:1/x"),
    ],
)
def test_urls_that_are_fine(given: str, used: str) -> None:
    assert Destination(given).url == used


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://cloud.example/dicom-web", "https"),
        ("http://127.0.0.1.cloud.example/", "https"),
        ("http://10.0.0.1:8042", "https"),
        ("ftp://cloud.example", "https://"),
        ("cloud.example", "https://"),
        ("https://user:secret@cloud.example", "token file"),
        ("https://cloud.example/?token=secret", "query"),
        ("https://cloud.example:port/", "cannot be read"),
    ],
)
def test_urls_that_are_not(given: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        Destination(given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "  \n", "two words", "one\ntwo", "ünï"])
def test_token_files_that_hold_no_token(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError, match="token"):
        read_token(path)


def test_a_token_file_that_others_can_read_is_warned_about(tmp_path: Path, caplog) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    path.chmod(0o644)
    assert read_token(path) == "s3cret"
    assert "0600" in caplog.text
    assert "s3cret" not in caplog.text
    caplog.clear()
    path.chmod(0o600)
    read_token(path)
    assert not caplog.text


def test_a_token_renewed_in_its_file_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    with fake_cloud(token="new") as cloud:
        client = DICOMwebClient(Destination(cloud.url, token_file=path), policy=ONCE)
        path.write_text("new")
        assert client.workitems() == []
        assert [head["Authorization"] for head in cloud.heads] == ["Bearer old", "Bearer new"]


def test_proxies_and_netrc_of_the_environment_are_left_alone(tmp_path: Path, monkeypatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password planted\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with fake_cloud() as cloud:
        assert DICOMwebClient(cloud.url, policy=ONCE).workitems() == []
        assert "Authorization" not in cloud.heads[0]


# ------------------------------------------------------------------------- TLS


def certificate(folder: Path, name: str, host: str = "127.0.0.1") -> Path:
    """A self-signed certificate and its key in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_cloud(tmp_path: Path):
    """A server behind TLS; yields a function from certificate to (url, cloud)."""
    running = []

    def run(pem: Path) -> tuple[str, Cloud]:
        cloud = Cloud()
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Bound", (Handler,), {"cloud": cloud})
        )
        server.handle_error = lambda *_: None  # refused handshakes are what is tested
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return f"https://127.0.0.1:{server.server_address[1]}/dicom-web", cloud

    yield run
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_certificate_of_the_named_authority_is_trusted(tmp_path: Path, tls_cloud) -> None:
    pem = certificate(tmp_path, "good")
    url, cloud = tls_cloud(pem)
    assert DICOMwebClient(url, "token", pem, policy=ONCE).workitems() == []
    assert cloud.heads[0]["Authorization"] == "Bearer token"


def test_any_other_certificate_ends_it_before_the_token_leaves(
    tmp_path: Path, tls_cloud, monkeypatch
) -> None:
    pem, other = certificate(tmp_path, "good"), certificate(tmp_path, "other")
    url, cloud = tls_cloud(pem)
    # An environment that trusts the server must not matter, nor one that trusts everything.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(pem))
    for ca in (None, other):
        with pytest.raises(CloudError, match="is not trusted; nothing was sent"):
            DICOMwebClient(url, "token", ca, policy=ONCE).workitems()
    assert not cloud.heads


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path, tls_cloud) -> None:
    pem = certificate(tmp_path, "elsewhere", "127.0.0.9")
    url, cloud = tls_cloud(pem)
    with pytest.raises(CloudError, match="is not trusted"):
        DICOMwebClient(url, None, pem, policy=ONCE).workitems()
    assert not cloud.heads


def test_https_to_a_server_without_tls_is_one_sentence() -> None:
    with fake_cloud() as cloud:
        url = cloud.url.replace("http:", "https:")
        with pytest.raises(CloudError, match="does not speak TLS"):
            DICOMwebClient(url, policy=ONCE).workitems()


def test_a_missing_authority_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.pem does not exist"):
        DICOMwebClient("https://cloud.example", None, tmp_path / "nowhere.pem")
