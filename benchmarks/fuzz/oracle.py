"""What holds for every input: refused in a sentence or clean, in time, and the same again."""

from __future__ import annotations

import contextlib
import io
import time
import traceback
import warnings
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import pydicom
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.dicom.index import index_file
from Clinic2CloudLib.dicom.model import SourceFile
from Clinic2CloudLib.dicom.profile import HeaderDeidentifier, ProfileOptions, tables
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms
from Clinic2CloudLib.errors import InputError, NotDeidentifiableError

from .seeds import DEFLATED, TOKENS

KEY = b"a key for fuzzing, of 32 bytes.."
RESEARCH = ProfileOptions(
    clean_descriptors=True,
    clean_structured_content=True,
    clean_graphics=True,
    retain_modified_dates=True,
    retain_safe_private=True,
)
SLOW = 2.0
_PIXELS = (0x7FE00010, 0x7FE00008, 0x7FE00009)
_IDENTIFYING_VRS = ("PN", "UI", "AE", "DA", "DT", "TM")


@dataclass(frozen=True)
class Fault:
    """A property that did not hold; faults of one ``key`` have one cause."""

    kind: str
    key: str
    text: str


def engines() -> dict[str, HeaderDeidentifier]:
    """Return new engines: the Basic Profile, and the options of a research site."""
    return {
        "basic": HeaderDeidentifier(ProfileOptions(), Pseudonyms(KEY)),
        "research": HeaderDeidentifier(RESEARCH, Pseudonyms(KEY), DescriptorCleaner()),
    }


class Oracle:
    """Holds the readers to their promises, one input after the other."""

    def __init__(self) -> None:
        self._engines, self._others = engines(), engines()
        self.accepted = self.refused = 0

    def faults(self, data: bytes) -> list[Fault]:
        """Return what is wrong with what our readers make of an input."""
        name = "research" if zlib.crc32(data) & 1 else "basic"
        return [*self._header(data, name), *self._index(data)]

    def _header(self, data: bytes, name: str) -> list[Fault]:
        began = time.process_time()
        out, faults = _attempt(self._engines[name], data)
        took = time.process_time() - began
        if took > SLOW and len(data) < 1 << 16:
            faults.append(Fault("hang", f"{name} engine", f"{took:.1f} s for {len(data)} bytes"))
        if out is None:
            self.refused += 1
        else:
            self.accepted += 1
        again, _ = _attempt(self._others[name], data)
        if again != out:
            faults.append(Fault("not the same twice", name, "two engines differ"))
        if out is not None:
            faults += check_output(out, data, name == "research")
            _, repeated = _attempt(self._engines[name], out)
            faults += repeated
        return faults

    def _index(self, data: bytes) -> list[Fault]:
        file = SourceFile("input.dcm", lambda: data, lambda n: (data[:n], len(data)))
        began = time.process_time()
        try:
            index_file(file)
        except (NotDeidentifiableError, InputError):
            pass
        except Exception as error:
            return [_crash("index", error)]
        took = time.process_time() - began
        return [Fault("hang", "index", f"{took:.1f} s")] if took > SLOW else []


def _attempt(engine: HeaderDeidentifier, data: bytes) -> tuple[bytes | None, list[Fault]]:
    """Return the new file, None when it is refused; anything but a refusal is a fault."""
    try:
        return engine.deidentify(data).data, []
    except (NotDeidentifiableError, InputError) as refused:
        if any(token.decode() in str(refused) for token in TOKENS):
            return None, [Fault("patient data in an error", "engine", str(refused))]
        return None, []
    except Exception as error:
        return None, [_crash("engine", error)]


def _crash(where: str, error: Exception) -> Fault:
    last = traceback.extract_tb(error.__traceback__)[-1]
    key = f"{where} {type(error).__name__} {last.filename.rsplit('/', 1)[-1]}:{last.name}"
    return Fault("crash", key, "".join(traceback.format_exception(error))[-1500:])


def check_output(out: bytes, source: bytes, research: bool) -> list[Fault]:
    """Read an output with pydicom and look for tokens where none may be.

    A mutation may move a token into an attribute that Table E.1-1 keeps: what stands there is
    not passed through by mistake, and the rest of the file is searched all the same. An output
    that pydicom cannot read is a fault when it can read the source.
    """
    try:
        ds, found = _read(out)
    except Exception as error:
        if not _readable(source):
            return []
        return [Fault("output not readable", f"{type(error).__name__}", repr(error)[:500])]
    plain = out
    if ds.file_meta.TransferSyntaxUID == DEFLATED:
        at = out.index(DEFLATED.encode())
        with contextlib.suppress(zlib.error):
            body = out[at:]
            body = body[_meta_left(body) :]
            plain = out[:at] + zlib.decompressobj(-zlib.MAX_WBITS).decompress(body)
    faults = []
    for token in TOKENS:
        total = plain.count(token)
        if not total:
            continue
        allowed = sum(
            value.count(token) + any(value.startswith(token[cut:]) for cut in range(1, 5))
            for tag, vr, value, block in found
            if _may_stay(tag, vr, block, research)
        )  # a token's first bytes may have become the length of what holds the rest
        if total > allowed:
            where = sorted(
                f"{tag:08X} {vr}"
                for tag, vr, value, block in found
                if token in value and not _may_stay(tag, vr, block, research)
            )
            faults.append(
                Fault("pass-through", f"{where[0] if where else 'between elements'}", str(where))
            )
    return faults


def _read(data: bytes) -> tuple[Dataset, list[tuple[int, str, bytes, str]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")
        return ds, _elements(ds)


def _readable(data: bytes) -> bool:
    try:
        return bool(_read(data)[1])
    except Exception:
        return False


def _meta_left(body: bytes) -> int:
    """Return how much of the file meta information follows its transfer syntax."""
    pos = len(DEFLATED) + (len(DEFLATED) & 1)
    while body[pos : pos + 2] == b"\x02\0":
        pos += 8 + int.from_bytes(body[pos + 6 : pos + 8], "little")
    return pos


def _elements(ds: Dataset, depth: int = 0) -> list[tuple[int, str, bytes, str]]:
    """Return tag, VR, encoded value and private creator of each element, sequences within."""
    found = []
    for tag in sorted(ds.keys()):
        element = ds.get_item(tag)
        vr = str(element.VR or "UN")
        if element.VR is None and tag in DicomDictionary:
            vr = DicomDictionary[tag][0]
        if vr == "SQ" or (vr == "UN" and not isinstance(element.value, bytes)):
            for item in ds[tag].value or ():
                found += _elements(item, depth + 1)
            continue
        value = _encoded(element.value, ds.original_encoding[1] is not False)
        block = ""
        if tag.is_private and tag.element > 0xFF:
            creator = ds.get_item((tag.group, tag.element >> 8))
            block = bytes(creator.value or b"").decode("latin-1").strip() if creator else ""
        found.append((int(tag), vr, value, block))
    return found


def _encoded(value: Any, little: bool) -> bytes:
    """Return a value's bytes; pydicom has already decoded the few that it needs itself."""
    if isinstance(value, bytes):
        return value
    parts = value if isinstance(value, list | MultiValue) else [value]
    if all(isinstance(part, int) for part in parts):
        size = 2 if all(-(1 << 15) <= part < 1 << 16 for part in parts) else 4
        order: Literal["little", "big"] = "little" if little else "big"
        return b"".join((part % (1 << 8 * size)).to_bytes(size, order) for part in parts)
    return "\\".join(str(part) for part in parts if part is not None).encode()


def _may_stay(tag: int, vr: str, creator: str, research: bool) -> bool:
    """Whether the profile keeps an attribute as it is, so that a token moved there may stay."""
    if tag >> 16 & 1:
        known = (creator, tag >> 16, tag & 0xFF) in tables.safe_private()
        return research and (known or 0x10 <= tag & 0xFFFF <= 0xFF)
    if tag in _PIXELS:
        return True
    row = tables.rows().get(tag)
    if row is not None:
        return research and row.actions.get("descriptors", row.actions.get("structured")) == "C"
    return tag in DicomDictionary and vr not in _IDENTIFYING_VRS
