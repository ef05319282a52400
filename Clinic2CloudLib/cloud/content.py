"""Whether a server keeps the very bytes it was sent.

A server may keep an older object under the same SOP Instance UID and answer 200 to the new one; if
that older one was identifiable, it would survive a de-identified re-send. So content is compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ..errors import InputError

#: Preamble, prefix and the group length element of the file meta information (PS3.10 section 7.1).
_FIXED = 128 + 4 + 12
_LONGEST_META = 1 << 20

#: What a server may set anew in the file meta information, as it writes the file for itself.
_SERVERS_OWN = frozenset(
    {
        "FileMetaInformationGroupLength",
        "FileMetaInformationVersion",
        "ImplementationClassUID",
        "ImplementationVersionName",
        "SourceApplicationEntityTitle",
        "SendingApplicationEntityTitle",
        "ReceivingApplicationEntityTitle",
    }
)


@dataclass(frozen=True)
class Fingerprint:
    """A Part 10 file in short: its head as it is, and the SHA-256 of the data set behind it.

    Attributes
    ----------
    head : bytes
        Preamble and file meta information.
    data_set : str
        SHA-256 of all that follows, as hex digits.
    """

    head: bytes
    data_set: str

    @property
    def uid(self) -> str:
        """Media Storage SOP Instance UID (0002,0003); empty where the head cannot be read."""
        return str((_meaning(self.head) or {}).get("MediaStorageSOPInstanceUID", ""))

    def agrees_with(self, other: Fingerprint) -> bool:
        """Whether both hold the same: equal bytes, or only the writer's own name differs."""
        if self.data_set != other.data_set:
            return False
        return self.head == other.head or (
            self.head[:128] in (other.head[:128], bytes(128))
            and _meaning(self.head) == _meaning(other.head)
        )


def fingerprint(chunks: Iterator[bytes]) -> Fingerprint:
    """Return the fingerprint of a file that arrives in pieces."""
    head = b""
    wanted = _FIXED
    digest = hashlib.sha256()
    for chunk in chunks:
        if len(head) < wanted:
            head += chunk
            if wanted == _FIXED and len(head) >= _FIXED:
                wanted = _FIXED + int.from_bytes(head[140:144], "little")
                wanted = wanted if head[128:132] == b"DICM" and wanted < _LONGEST_META else 0
            if len(head) >= wanted:
                digest.update(head[wanted:])
                head = head[:wanted]
        else:
            digest.update(chunk)
    return Fingerprint(head, digest.hexdigest())


def fingerprint_of(path: Path, piece: int = 1 << 20) -> Fingerprint:
    """Return the fingerprint of a file on disk.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    try:
        with path.open("rb") as handle:
            return fingerprint(iter(lambda: handle.read(piece), b""))
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from None


def _meaning(head: bytes) -> dict[str, object] | None:
    """Return what the file meta information says of the object, not of who wrote the file."""
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_dataset, read_preamble

    handle = BytesIO(head)
    try:
        read_preamble(handle, force=False)
        meta = read_dataset(handle, is_implicit_VR=False, is_little_endian=True)
    except (InvalidDicomError, ValueError, EOFError, AttributeError, TypeError):
        return None
    return {
        element.keyword or str(element.tag): element.value
        for element in meta
        if element.keyword not in _SERVERS_OWN
    }
