"""The site key: made once, secret, and refused with one sentence when it is not right."""

from __future__ import annotations

import base64
import os
import stat
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from Clinic2CloudLib import paths
from Clinic2CloudLib.cases.sitekey import HEADER, key_text, load_key, parse_key
from Clinic2CloudLib.errors import InputError, OutputError

KEY = bytes(range(32))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows keeps access lists instead of modes")


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_use_makes_a_key_that_stays() -> None:
    key = load_key()
    assert len(key) == 32
    assert key == load_key() == load_key(paths.site_key())


@posix
def test_a_new_key_is_its_owners_alone() -> None:
    load_key()
    assert stat.S_IMODE(paths.site_key().stat().st_mode) == 0o600
    assert [path.name for path in paths.home().iterdir()] == ["site.key"]


def test_many_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_key, [tmp_path / "key"] * 16))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_keys_from_elsewhere_in_base64_hexadecimal_or_bare_bytes(tmp_path: Path) -> None:
    (tmp_path / "bare").write_bytes(bytes(range(200, 240)))
    assert load_key(tmp_path / "bare") == bytes(range(200, 240))
    assert load_key(write(tmp_path / "d", KEY.hex() + "\n")) == KEY
    assert load_key(write(tmp_path / "a", key_text(KEY))) == KEY
    assert load_key(write(tmp_path / "b", f"{HEADER}\r\n{KEY.hex()}\r\n")) == KEY
    longer = bytes(range(64))
    line = base64.b64encode(longer).decode()
    assert load_key(write(tmp_path / "c", f"{HEADER}\n{line}")) == longer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "neither base 64 nor hexadecimal"),
        ("PK\x03\x04", "neither base 64 nor hexadecimal"),
        ("our hospital's secret pass phrase, long enough\n", "neither base 64 nor hexadecimal"),
        (KEY[:31].hex(), "too short"),
        (f"{HEADER}\n", "neither base 64 nor hexadecimal"),
        (f"{HEADER}\nno key!\n", "neither base 64 nor hexadecimal"),
        (f"{HEADER}\n{KEY[:31].hex()}\n", "too short"),
        (f"{HEADER}\n{'00' * 32}\n", "not random"),
        (f"{HEADER}\n" + "A" * 5000, "too long"),
        ("ä" * 10, "too short"),
        ("ä" * 100, "not random"),
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_key(write(tmp_path / "my.key", text))
    assert "my.key" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_error_never_repeats_the_key() -> None:
    with pytest.raises(InputError) as caught:
        parse_key(f"{HEADER}\n{KEY[:20].hex()}")
    assert KEY[:4].hex() not in str(caught.value)


@posix
@pytest.mark.parametrize(
    ("mode", "message"),
    [(0o620, "may change"), (0o602, "may change"), (0o666, "may change")],
)
def test_a_key_that_others_may_change_is_refused(tmp_path: Path, mode: int, message: str) -> None:
    path = write(tmp_path / "key", key_text(KEY), mode)
    with pytest.raises(InputError, match=message):
        load_key(path)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o644])
def test_a_key_that_others_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    assert load_key(write(tmp_path / "key", key_text(KEY), mode)) == KEY
    assert "others may read" in caplog.text


def test_what_cannot_be_read_or_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_key(tmp_path)
    with pytest.raises(OutputError, match="cannot write the key"):
        load_key(tmp_path / "missing" / "key")
    with pytest.raises(InputError, match="no key at typo"):
        load_key(tmp_path / "typo", make=False)
    assert not list(tmp_path.iterdir())


class FakeKeyring(types.ModuleType):
    """Stands in for the package ``keyring``."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.errors = types.ModuleType("keyring.errors")
        self.errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, account: str) -> str | None:
        return self.kept.get((service, account))

    def set_password(self, service: str, account: str, text: str) -> None:
        self.kept[service, account] = text


def test_the_keyring_holds_the_key_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", ring.errors)
    monkeypatch.setenv("CLINIC2CLOUD_KEYRING", "1")
    with pytest.raises(InputError, match="no site key"):
        load_key(make=False)
    key = load_key()
    assert key == load_key()
    assert parse_key(next(iter(ring.kept.values()))) == key
    assert not paths.site_key().exists()

    def locked(service: str, account: str) -> str:
        raise ring.errors.KeyringError("secret detail")

    monkeypatch.setattr(ring, "get_password", locked)
    with pytest.raises(InputError, match="keyring cannot be used") as caught:
        load_key()
    assert "secret detail" not in str(caught.value)


def test_a_keyring_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setenv("CLINIC2CLOUD_KEYRING", "1")
    with pytest.raises(InputError, match="not installed"):
        load_key()
