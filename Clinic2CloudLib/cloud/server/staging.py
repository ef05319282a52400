"""Instances on their way into the store: read, examined, written, or refused with a reason."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ...dicom.elements import FileLayout, NotDicomError, read_layout
from ...errors import NotDeidentifiableError
from .attributes import Attributes, UnreadableError, identity_removed, read_attributes
from .reasons import Reason

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Outcome:
    """What became of one instance.

    Attributes
    ----------
    class_uid, uid, series, study : str
        Empty where they could not be read.
    reason : Reason or None
        Why it was not stored; None when it is stored.
    sentence : str
        The reason for a person, without patient data.
    """

    class_uid: str = ""
    uid: str = ""
    series: str = ""
    study: str = ""
    reason: Reason | None = None
    sentence: str = ""


@dataclass(frozen=True)
class Staged:
    """An instance not yet known to the index; ``path`` is None when it is stored already."""

    path: Path | None
    size: int
    sha256: str
    transfer_syntax: str
    attributes: Attributes

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return str(self.attributes["SOPInstanceUID"])

    def outcome(self, reason: Reason | None = None, sentence: str = "") -> Outcome:
        """Return what became of it."""
        return Outcome(
            class_uid=str(self.attributes["SOPClassUID"]),
            uid=self.uid,
            series=str(self.attributes["SeriesInstanceUID"]),
            study=str(self.attributes["StudyInstanceUID"]),
            reason=reason,
            sentence=sentence,
        )


def examine(
    content: bytes, path: Path | None, sha256: str, deidentified_only: bool
) -> Staged | Outcome:
    """Read a Part 10 file's index attributes, or say why it is refused.

    Parameters
    ----------
    content : bytes
        The whole file, or a mapping of it.
    path : Path or None
        Where it lies, if anywhere.
    sha256 : str
        Of the whole file.
    deidentified_only : bool
        Whether to refuse what does not say that the patient's identity was removed.
    """
    layout = _layout(content)
    if isinstance(layout, Outcome):
        return layout
    try:
        attributes = read_attributes(layout)
    except UnreadableError as error:
        return Outcome(reason=Reason.CANNOT_UNDERSTAND, sentence=str(error))
    staged = Staged(path, len(content), sha256, layout.transfer_syntax, attributes)
    if deidentified_only and not identity_removed(layout):
        return staged.outcome(
            Reason.NOT_AUTHORIZED, "it does not say that the patient's identity was removed"
        )
    return staged


def _layout(content: bytes) -> FileLayout | Outcome:
    try:
        if content[128:132] != b"DICM":  # PS3.10 section 7.1; other readers insist on it
            raise NotDicomError("it is not a DICOM file")
        return read_layout(content)
    except NotDicomError:
        sentence = "it is not a DICOM file"
    except (NotDeidentifiableError, ValueError) as error:
        sentence = f"it cannot be understood: {error}"
    return Outcome(reason=Reason.CANNOT_UNDERSTAND, sentence=sentence)


def write_all(handle: FileIO, content: bytes) -> None:
    """Write to an unbuffered file; a disk that fills up takes a part first and fails then."""
    view = memoryview(content)
    while view:
        view = view[handle.write(view) :]


def failed_write(error: OSError | sqlite3.OperationalError, one: Staged | None = None) -> Outcome:
    """Return the outcome of an instance that could not be written."""
    full = (
        error.errno in _NO_SPACE
        if isinstance(error, OSError)
        else "full" in str(error) or "disk I/O" in str(error)
    )
    if full:
        reason, sentence = Reason.OUT_OF_RESOURCES, "the server's disk is full"
    else:
        reason, sentence = Reason.PROCESSING_FAILURE, "the server could not write it"
    if one is None:
        return Outcome(reason=reason, sentence=sentence)
    return one.outcome(reason, sentence)
