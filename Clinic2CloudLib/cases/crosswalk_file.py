"""Encrypted, append-only records in one file that survives a crash in the middle of a write.

Layout: a header of 8 bytes magic, 16 bytes salt and 16 bytes by which a key is recognised; then
records of

====  =========================================================================================
   4  length of what follows in this record, big endian
  16  whose record it is: HMAC of the series, so that one series is found without decrypting all
  16  what was added: HMAC of it, so that the same again is recognised
  12  nonce, random
   n  AES-256-GCM of the content with its 16-byte tag
====  =========================================================================================

All keys come from the site key by HKDF-SHA256 (RFC 5869) with the file's salt. A record's place in
the file and its two marks are authenticated with it, so that records cannot be exchanged. A write
that was cut short leaves a last record that is incomplete or does not authenticate; it is passed
over when reading and, before the next append, moved to a file of its own.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .. import atomic
from ..errors import InputError, OutputError
from .filelock import turn_at

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"C2CXWK1\n"
_SALT, _MARK, _NONCE, _TAG = 16, 16, 12, 16
_HEADER = len(MAGIC) + _SALT + _MARK
_LENGTH = struct.Struct(">I")
_LEAST = 2 * _MARK + _NONCE + _TAG


@dataclass(frozen=True)
class _Record:
    """Where a record lies and whose it is."""

    offset: int
    length: int
    series: bytes
    batch: bytes


@dataclass
class _Keys:
    """The keys of one file, derived from the site key and the file's salt."""

    salt: bytes
    seal: bytes = field(repr=False)
    mark: bytes = field(repr=False)
    check: bytes = field(repr=False)

    def tag(self, kind: bytes, value: bytes) -> bytes:
        """Return the mark by which a value is recognised without being readable."""
        return hmac.digest(self.mark, kind + b"\0" + value, "sha256")[:_MARK]


class CrosswalkFile:
    """Records in an encrypted file; see the module for its layout.

    Parameters
    ----------
    path : Path
        The file; made at the first append.
    key : bytes
        The site key.

    Raises
    ------
    InputError
        When the file is of another kind or was made with another key.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._lock = path.with_name(f"{path.name}.lock")
        if self._path.exists():
            with self._opened() as handle:
                self._keys_of(handle)

    def read(self, series: str | None = None) -> Iterator[bytes]:
        """Yield the contents of all records, or of one series' records.

        Raises
        ------
        InputError
            When a record that is not the last one is damaged.
        """
        if not self._path.exists():
            return
        with self._opened() as handle:
            keys = self._keys_of(handle)
            records, _ = _scan(handle)
            yield from _contents(handle, keys, records, series)

    @contextlib.contextmanager
    def appending(self) -> Iterator[Appending]:
        """Hold the file for reading and appending; everything is on disk at the end.

        Raises
        ------
        InputError, OutputError
            When the file is damaged or cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise OutputError(f"cannot write {self._path.name}: {error.strerror}") from None
        with turn_at(self._lock):
            if not self._path.exists():
                self._make()
            with self._opened("r+b") as handle:
                keys = self._keys_of(handle)
                appending = Appending(handle, keys, self._without_torn_end(handle, keys))
                try:
                    yield appending
                    handle.flush()
                    os.fsync(handle.fileno())
                except OSError as error:
                    raise OutputError(
                        f"cannot write {self._path.name}: {error.strerror or error}"
                    ) from None

    @contextlib.contextmanager
    def _opened(self, mode: str = "rb") -> Iterator[IO[bytes]]:
        """Open the file, with a clear error when that is not possible."""
        try:
            handle = self._path.open(mode)
        except OSError as error:
            raise InputError(
                f"the crosswalk {self._path.name} cannot be opened: {error.strerror}"
            ) from None
        with handle:
            yield handle

    def _make(self) -> None:
        """Write the header of a new file."""
        keys = _derive(self._key, secrets.token_bytes(_SALT))
        atomic.write_bytes(self._path, MAGIC + keys.salt + keys.check, mode=0o600)

    def _keys_of(self, handle: IO[bytes]) -> _Keys:
        """Read the header and return the file's keys."""
        handle.seek(0)
        header = handle.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(MAGIC):
            raise InputError(f"{self._path.name} is not a crosswalk")
        keys = _derive(self._key, header[len(MAGIC) : len(MAGIC) + _SALT])
        if not hmac.compare_digest(keys.check, header[-_MARK:]):
            raise InputError(f"the crosswalk {self._path.name} was made with another site key")
        return keys

    def _without_torn_end(self, handle: IO[bytes], keys: _Keys) -> list[_Record]:
        """Cut off what a crash left of a last record; it is kept in a file beside, unreadable."""
        records, end = _scan(handle)
        if records and _content(handle, keys, records[-1]) is None:
            end = records.pop().offset
        handle.seek(end)
        torn = handle.read()
        if torn:
            atomic.write_bytes(self._path.with_name(f"{self._path.name}.torn"), torn, mode=0o600)
            handle.truncate(end)
        return records


class Appending:
    """A crosswalk file while it is held."""

    def __init__(self, handle: IO[bytes], keys: _Keys, records: list[_Record]) -> None:
        self._handle = handle
        self._keys = keys
        self._records = records

    def has(self, series: str, batch: bytes) -> bool:
        """Return whether exactly this was added to the series before."""
        marks = (self._keys.tag(b"series", series.encode()), self._keys.tag(b"batch", batch))
        return any((record.series, record.batch) == marks for record in self._records)

    def read(self, series: str) -> Iterator[bytes]:
        """Yield the contents of one series' records."""
        yield from _contents(self._handle, self._keys, self._records, series)

    def append(self, series: str, batch: bytes, content: bytes) -> None:
        """Append one record, recognised later by ``batch``, which its content may be a part of."""
        offset = self._handle.seek(0, os.SEEK_END)
        marks = self._keys.tag(b"series", series.encode()) + self._keys.tag(b"batch", batch)
        nonce = secrets.token_bytes(_NONCE)
        sealed = _cipher(self._keys).encrypt(nonce, content, _bound(self._keys, offset, marks))
        body = marks + nonce + sealed
        self._handle.write(_LENGTH.pack(len(body)) + body)
        self._records.append(_Record(offset, len(body), marks[:_MARK], marks[_MARK:]))


def _derive(key: bytes, salt: bytes) -> _Keys:
    """Return a file's keys (HKDF-SHA256, RFC 5869)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    kdf = HKDF(hashes.SHA256(), 64 + _MARK, salt, b"Clinic2Cloud/1/crosswalk")
    out = kdf.derive(key)
    return _Keys(salt, out[:32], out[32:64], out[64:])


def _cipher(keys: _Keys) -> AESGCM:
    """Return the cipher of a file."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(keys.seal)


def _bound(keys: _Keys, offset: int, marks: bytes) -> bytes:
    """Return what a record is authenticated with: its file, its place and its marks."""
    return keys.salt + offset.to_bytes(8, "big") + marks


def _scan(handle: IO[bytes]) -> tuple[list[_Record], int]:
    """Return the complete records, and where the last of them ends."""
    size = handle.seek(0, os.SEEK_END)
    position, records = _HEADER, []
    while position + _LENGTH.size + _LEAST <= size:
        handle.seek(position)
        start = handle.read(_LENGTH.size + 2 * _MARK)
        (length,) = _LENGTH.unpack_from(start)
        if length < _LEAST or position + _LENGTH.size + length > size:
            break
        marks = start[_LENGTH.size :]
        records.append(_Record(position, length, marks[:_MARK], marks[_MARK:]))
        position += _LENGTH.size + length
    return records, position


def _contents(
    handle: IO[bytes], keys: _Keys, records: list[_Record], series: str | None
) -> Iterator[bytes]:
    """Yield the contents of records in order, passing over a last one that was cut short."""
    wanted = None if series is None else keys.tag(b"series", series.encode())
    for record in records:
        if wanted is None or record.series == wanted:
            content = _content(handle, keys, record)
            if content is not None:
                yield content
            elif record is not records[-1]:
                raise InputError("the crosswalk is damaged: a record in it does not authenticate")


def _content(handle: IO[bytes], keys: _Keys, record: _Record) -> bytes | None:
    """Return one record's content, None when it does not authenticate."""
    from cryptography.exceptions import InvalidTag

    handle.seek(record.offset + _LENGTH.size)
    body = handle.read(record.length)
    marks, nonce, sealed = (
        body[: 2 * _MARK],
        body[2 * _MARK : 2 * _MARK + _NONCE],
        body[2 * _MARK + _NONCE :],
    )
    try:
        return _cipher(keys).decrypt(nonce, sealed, _bound(keys, record.offset, marks))
    except InvalidTag:
        return None
