"""The site's secret key: what all UIDs, pseudonyms and date shifts depend on.

A text file of two lines, the first saying what it is, the second 32 random bytes in base 64. Keys
made elsewhere are taken too: base 64 or hexadecimal on one line, or the bare bytes. Whoever has it
can link pseudonyms to patients by trying; whoever loses it can no longer continue a study. So it is
made once, readable by its owner alone.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import secrets
import stat
from pathlib import Path

from .. import paths
from ..errors import InputError, OutputError

HEADER = "clinic2cloud-site-key/1"
KEY_BYTES = 32
_LONGEST_FILE = 4096
_FEWEST_DISTINCT = 12  # 32 random bytes have fewer distinct values with a chance below 1e-20

#: When set to anything, the key lies in the system's keyring and not in a file.
KEYRING_VARIABLE = "CLINIC2CLOUD_KEYRING"
_SERVICE, _ACCOUNT = "clinic2cloud", "site-key"

_log = logging.getLogger(__name__)


def load_key(path: Path | None = None, *, make: bool = True) -> bytes:
    """Return the site's key; a new one is made on first use.

    Parameters
    ----------
    path : Path, optional
        The key file. By default the site's own (:func:`Clinic2CloudLib.paths.site_key`), or the
        system's keyring where the environment variable ``CLINIC2CLOUD_KEYRING`` is set and the
        package ``keyring`` is installed.
    make : bool
        Whether a missing key is made. Without one nothing that exists can be opened, so whoever
        only reads asks for ``make=False``.

    Returns
    -------
    bytes
        At least 32 bytes.

    Raises
    ------
    InputError
        When the file is no key, is too short, cannot be read, or others may change it.
    OutputError
        When a new one cannot be written.
    """
    if path is None and os.environ.get(KEYRING_VARIABLE):
        kept = _from_keyring(make)
        if kept is None:
            raise InputError("there is no site key in the system's keyring")
        return kept
    file = path or paths.site_key()
    if not os.path.lexists(file):
        if not make:
            raise InputError(f"there is no key at {file.name}")
        _make_file(file)
    return _from_file(file)


def key_at_hand(path: Path | None = None) -> bytes | None:
    """Return the site's key, or None when none was named and this machine has none.

    Raises
    ------
    InputError
        When there is one that cannot be used, or the one that was named is not there.
    """
    if path is None:
        if os.environ.get(KEYRING_VARIABLE):
            return _from_keyring(make=False)
        if not os.path.lexists(paths.site_key()):
            return None
    return load_key(path, make=False)


def parse_key(text: str, name: str = "the key") -> bytes:
    """Return the bytes of a key's text form.

    Raises
    ------
    InputError
        When it is not a key of this format, or too short, or plainly not random.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0] == HEADER:
        del lines[0]
    key = _decoded(lines[0]) if len(lines) == 1 else None
    if key is None:
        raise InputError(f"{name} is not a site key: it is neither base 64 nor hexadecimal")
    return _checked(key, name)


def _checked(key: bytes, name: str) -> bytes:
    """Return a key that is long and random enough."""
    if len(key) < KEY_BYTES:
        raise InputError(f"{name} is too short: a site key has at least {KEY_BYTES} bytes")
    if len(set(key)) < _FEWEST_DISTINCT:
        raise InputError(f"{name} is not random and protects nothing")
    return key


def key_text(key: bytes) -> str:
    """Return a key in its text form, for a file or a keyring."""
    return f"{HEADER}\n{base64.b64encode(key).decode()}\n"


def _decoded(line: str) -> bytes | None:
    """Return the bytes of a line in hexadecimal or base 64; None when it is neither."""
    with contextlib.suppress(ValueError):
        return bytes.fromhex(line)
    with contextlib.suppress(binascii.Error, ValueError):
        return base64.b64decode(line, validate=True)
    return None


def _from_file(path: Path) -> bytes:
    """Read a key file after a look at who else may."""
    try:
        with path.open("rb") as handle:
            _check_access(os.fstat(handle.fileno()), path.name)
            data = handle.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"the key {path.name} cannot be read: {error.strerror}") from None
    if len(data) > _LONGEST_FILE:
        raise InputError(f"{path.name} is not a site key: it is too long")
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return _checked(data, path.name)
    return parse_key(text, path.name)


def _check_access(status: os.stat_result, name: str) -> None:
    """Refuse a key that others may change, and warn when they may read it.

    Windows keeps access lists of its own, which this cannot see.
    """
    if os.name == "nt":
        return
    mode = status.st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InputError(f"others may change the key {name}; make it yours alone (chmod 600)")
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        _log.warning("others may read the key %s; make it yours alone (chmod 600)", name)


def _make_file(path: Path) -> None:
    """Write a new key whole, readable by its owner alone; another process's wins a race."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as handle:
            handle.write(key_text(secrets.token_bytes(KEY_BYTES)).encode("ascii"))
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            # A link (a rename on Windows) fails where a rename over would replace the other's key.
            (os.rename if os.name == "nt" else os.link)(beside, path)
    except OSError as error:
        raise OutputError(f"cannot write the key {path.name}: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def _from_keyring(make: bool) -> bytes | None:
    """Return the key in the system's keyring; where it has none it is made, if that is asked."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise InputError(
            f"{KEYRING_VARIABLE} is set, but the package keyring is not installed"
        ) from None
    try:
        text = keyring.get_password(_SERVICE, _ACCOUNT)
        if text is None:
            if not make:
                return None
            text = key_text(secrets.token_bytes(KEY_BYTES))
            keyring.set_password(_SERVICE, _ACCOUNT, text)
    except keyring.errors.KeyringError as error:
        raise InputError(f"the system's keyring cannot be used: {type(error).__name__}") from None
    return parse_key(text, "the key in the system's keyring")
