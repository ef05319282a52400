"""Where images come from: a folder, a file, a zip, a DICOMDIR or a Slicer DICOM database.

Nothing is unpacked to disk and nothing of the source is changed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING

from ..errors import InputError, NotDeidentifiableError
from .model import SetAside, SourceFile

if TYPE_CHECKING:
    import zipfile

_UNPACKED_LIMIT = 4 << 30
_UNPACKED_RATIO = 200
# A file is worked on in memory: one larger than any image (a disk's image named .dcm) would take
# the machine down with it.
_LARGEST_FILE = 8 << 30
# Media Storage SOP Class UID (0002,0002) of a DICOMDIR, as it stands in the file.
_DICOMDIR = b"\x02\0\x02\0UI\x14\x001.2.840.10008.1.3.10"


class Source:
    """The files of one source; a context manager that closes what it opened.

    Attributes
    ----------
    label : str
        What the user is shown: the name of the folder or file, without the folders above it.
    set_aside : list of SetAside
        What could not be offered as a file, known in full once :meth:`files` has been walked.
    """

    def __init__(
        self,
        label: str,
        walk: Callable[[list[SetAside]], Iterator[SourceFile]],
        close: Callable[[], None] | None = None,
    ) -> None:
        self.label = label
        self.set_aside: list[SetAside] = []
        self._walk = walk
        self._close = close

    def files(self) -> Iterator[SourceFile]:
        """Yield the files, always in the same order.

        Raises
        ------
        InputError
            When the source turns out to be unreadable.
        """
        self.set_aside.clear()
        return self._walk(self.set_aside)

    def close(self) -> None:
        """Close what was opened."""
        if self._close is not None:
            self._close()

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_source(path: Path | str, series: Sequence[str] = ()) -> Source:
    """Open what the user named.

    Parameters
    ----------
    path : Path or str
        A folder (searched with its subfolders), a DICOM file, a zip, a DICOMDIR, or a Slicer DICOM
        database (``ctkDICOM.sql``).
    series : sequence of str
        Series Instance UIDs that will be wanted. A database knows which files those are and offers
        no others; every other source offers all its files, whose headers then decide.

    Returns
    -------
    Source
        A context manager.

    Raises
    ------
    InputError
        When there is nothing, it may not be read, it is empty, or it is an archive that cannot be
        unpacked safely.
    """
    path = Path(path).expanduser()
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _open_folder(path)
        if not stat.S_ISREG(mode):
            raise InputError("the source is neither a folder nor a file")
        with path.open("rb") as handle:
            head = handle.read(4096)
    except FileNotFoundError as error:
        raise InputError(f"there is no {path.name or path}") from error
    except PermissionError as error:
        raise InputError(f"no permission to read {path.name or path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path.name or path}: {error.strerror}") from error
    if not head:
        raise InputError(f"{path.name} is empty")
    if head.startswith(b"SQLite format 3\0"):
        from .ctkdicom import open_database

        return open_database(path, series)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _open_zip(path)
    if head[128:132] == b"DICM" and _DICOMDIR in head[132:1024]:
        from .dicomdir import open_dicomdir

        return open_dicomdir(path)
    return Source(path.name, lambda _: iter([disk_file(path, path.name)]))


def disk_file(path: Path, relative: str) -> SourceFile:
    """Offer a file on disk.

    Parameters
    ----------
    path : Path
        Where it is.
    relative : str
        What the user is shown.
    """

    def read() -> bytes:
        try:
            with path.open("rb") as handle:
                if os.fstat(handle.fileno()).st_size > _LARGEST_FILE:
                    raise NotDeidentifiableError("it is larger than 8 GiB")
                return handle.read()
        except OSError as error:
            raise _unreadable(error) from error

    def peek(length: int) -> tuple[bytes, int]:
        try:
            with path.open("rb", buffering=0) as handle:
                return handle.read(length), os.fstat(handle.fileno()).st_size
        except OSError as error:
            raise _unreadable(error) from error

    return SourceFile(relative, read, peek)


def _unreadable(error: OSError) -> NotDeidentifiableError:
    if isinstance(error, PermissionError):
        return NotDeidentifiableError("no permission to read it")
    if isinstance(error, FileNotFoundError):
        return NotDeidentifiableError("it is not there any more")
    return NotDeidentifiableError(f"it cannot be read: {error.strerror or 'unknown reason'}")


def _open_folder(folder: Path) -> Source:
    """Open a folder; that it can be listed and holds something is known at once."""
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputError(f"no permission to read {folder.name or folder}")
    if next(_walk_folder(folder, []), None) is None:
        raise InputError(f"there are no files in {folder.resolve().name or folder}")
    return Source(folder.resolve().name, lambda aside: _walk_folder(folder, aside))


def _walk_folder(top: Path, aside: list[SetAside]) -> Iterator[SourceFile]:
    """Yield the files below a folder, sorted; links are followed, each folder is entered once."""
    entered: set[tuple[int, int]] = set()

    def walk(folder: Path, prefix: str) -> Iterator[SourceFile]:
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            aside.append(SetAside(prefix.rstrip("/") or ".", "no permission to read this folder"))
            return
        if (status.st_dev, status.st_ino) in entered:
            aside.append(SetAside(prefix.rstrip("/"), "a link to a folder that was read already"))
            return
        entered.add((status.st_dev, status.st_ino))
        for entry in entries:
            relative = prefix + entry.name
            if entry.name.startswith("."):
                aside.append(SetAside(relative, "hidden"))
            elif Path(entry.path).is_dir():  # unlike the entry's own, false for a link to itself
                yield from walk(Path(entry.path), f"{relative}/")
            elif Path(entry.path).is_file():
                yield disk_file(Path(entry.path), relative)
            else:
                reason = "a link that leads nowhere" if entry.is_symlink() else "not a file"
                aside.append(SetAside(relative, reason))

    yield from walk(top, "")


def _open_zip(path: Path) -> Source:
    """Open a zip archive, members are read in memory.

    An archive is refused when it claims to unpack to more than 4 GiB and 200 times its own size:
    images compress to a third, blank ones to a hundredth; more is an attack on the memory.
    """
    import zipfile

    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path.name} is not a whole zip archive") from error
    members = sorted((m for m in archive.infolist() if not m.is_dir()), key=lambda m: m.filename)
    unpacked = sum(member.file_size for member in members)
    reason = ""
    if not members:
        reason = f"there are no files in {path.name}"
    elif any(member.flag_bits & 0x1 for member in members):
        reason = f"{path.name} is encrypted: unpack it with its password first"
    elif unpacked > max(_UNPACKED_LIMIT, _UNPACKED_RATIO * path.stat().st_size):
        reason = f"{path.name} would unpack to {unpacked >> 30} GiB, more than images ever do"
    if reason:
        archive.close()
        raise InputError(reason)
    return Source(path.name, lambda aside: _walk_zip(archive, members, aside), archive.close)


def _walk_zip(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], aside: list[SetAside]
) -> Iterator[SourceFile]:
    seen: set[str] = set()
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        parts = [part for part in name.parts if part not in ("/", "..")]
        relative = "/".join(parts)
        if not parts or relative in seen:
            aside.append(SetAside(relative or "?", "its name stands twice in the archive"))
        elif any(part.startswith(".") for part in parts) or parts[0] == "__MACOSX":
            aside.append(SetAside(relative, "hidden"))
        elif member.file_size > _UNPACKED_LIMIT:
            aside.append(SetAside(relative, "larger than 4 GiB"))
        else:
            yield _member(archive, member, relative)
        seen.add(relative)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, relative: str) -> SourceFile:
    """Offer one member of a zip; it is read in memory, its checksum is checked by the archive."""

    def take(length: int) -> bytes:
        import zipfile
        import zlib

        try:
            with archive.open(member) as handle:
                return handle.read(length)
        except NotImplementedError as error:
            raise NotDeidentifiableError("its zip compression is not supported") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
            raise NotDeidentifiableError("it is damaged in the zip archive") from error

    return SourceFile(relative, lambda: take(-1), lambda length: (take(length), member.file_size))
