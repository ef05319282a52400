"""What stands in the place of UIDs, IDs and accession numbers, and by how much dates move.

All of it is HMAC-SHA256 (RFC 2104) under the site's secret key. Without the key nothing can be
tried out: an unkeyed hash of an eight-digit patient number falls to a dictionary in minutes. Each
kind of value has its own key, derived from the site's, so that a UID and an accession number with
the same text have nothing in common. Nothing is remembered between runs; the same key and the same
original always give the same pseudonym.
"""

from __future__ import annotations

import functools
import hmac
import re
from datetime import timedelta

from ..errors import InputError
from .dateshift import shift_da, shift_da_tm, shift_dt, shift_tm

__all__ = ["Pseudonyms", "shift_da", "shift_da_tm", "shift_dt", "shift_tm"]

#: Fewer bytes than this could be guessed or came from a truncated file.
SHORTEST_KEY = 32

#: Dates move into the past by at least and at most this much, drawn per patient, to the second.
LEAST_SHIFT = timedelta(days=30)
LARGEST_SHIFT = timedelta(days=5 * 365)

#: Characters of a pseudonym: 5 bits each; I, L, O and U are left out (read aloud without mistakes,
#: as in Crockford's base 32).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

#: 16 characters are 80 bits: among a thousand million patients two meet with a chance below 1e-6.
PSEUDONYM_LENGTH = 16

_SH_LENGTH = 16  # PS3.5 table 6.2-1, the VR of Accession Number
_LO_LENGTH = 64  # the VR of Patient ID
_CACHED = 1 << 13
_DIGEST_CHARACTERS = 51  # 256 bits, 5 at a time
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|")


class Pseudonyms:
    """Keyed replacements for one site.

    May be pickled and shared between processes and threads: there is no state but the key.

    Parameters
    ----------
    key : bytes
        The site's secret, at least 32 bytes (see :func:`Clinic2CloudLib.cases.sitekey.load_key`).
    patient_prefix : str
        Put before each patient pseudonym; letters, digits, ``.``, ``_`` and ``-``, at most 16.
    accession_prefix : str
        The same for accession numbers, at most 4 characters: the VR SH holds 16, and 12 (60 bits)
        must remain for the pseudonym.

    Raises
    ------
    InputError
        For a key that is too short or a prefix that does not fit.
    """

    def __init__(self, key: bytes, patient_prefix: str = "", accession_prefix: str = "") -> None:
        if len(key) < SHORTEST_KEY:
            raise InputError(f"the site key is shorter than {SHORTEST_KEY} bytes")
        _check_prefix(patient_prefix, "patient", 16)
        _check_prefix(accession_prefix, "accession", 4)
        self._arguments = (bytes(key), patient_prefix, accession_prefix)
        self._patient_prefix = patient_prefix
        self._accession_prefix = accession_prefix
        self._keys = {
            kind: hmac.digest(key, b"Clinic2Cloud/1/" + kind.encode(), "sha256")
            for kind in ("uid", "patient", "accession", "text", "date")
        }
        # Bounded, and per object: another key must never meet this one's answers.
        self.uid = functools.lru_cache(_CACHED)(self._uid)
        self.patient_id = functools.lru_cache(_CACHED)(self._patient_id)
        self.accession_number = functools.lru_cache(_CACHED)(self._accession_number)
        self.text = functools.lru_cache(_CACHED)(self._text)
        self.date_shift = functools.lru_cache(_CACHED)(self._date_shift)

    def __reduce__(self) -> tuple[type[Pseudonyms], tuple[bytes, str, str]]:
        return type(self), self._arguments

    def __repr__(self) -> str:
        return f"Pseudonyms(patient_prefix={self._patient_prefix!r})"  # never the key

    def _uid(self, original: str) -> str:
        """Return the UID that stands for another.

        The form is ``2.25.`` and a UUID as a decimal number (PS3.5 B.2), the UUID being of
        version 8, "custom" (RFC 9562), with 122 bits of the keyed digest; at most 44 characters.

        Parameters
        ----------
        original : str
            Any UID; padding is of no account. An empty one stays empty.
        """
        original = _stripped(original)
        if not original:
            return ""
        number = int.from_bytes(self._digest("uid", original)[:16], "big")
        number = number & ~(0xF << 76) | (0x8 << 76)  # version
        number = number & ~(0x3 << 62) | (0x2 << 62)  # variant
        return f"2.25.{number}"

    def _patient_id(self, patient_id: str, issuer: str = "") -> str:
        """Return a patient's pseudonym: the prefix and 16 characters of base 32.

        Parameters
        ----------
        patient_id : str
            Patient ID; padding is of no account, case is.
        issuer : str
            Issuer of Patient ID: the same number given by two issuers is two patients.
        """
        digest = self._digest("patient", _stripped(patient_id), _stripped(issuer))
        return self._patient_prefix + _readable(digest, PSEUDONYM_LENGTH)

    def patient_name(self, patient_id: str, issuer: str = "") -> str:
        """Return the name a patient goes by: the pseudonym of :meth:`patient_id` itself."""
        return self.patient_id(patient_id, issuer)

    def _accession_number(self, original: str) -> str:
        """Return an accession number's pseudonym, 16 characters (VR SH) with the prefix.

        An empty one stays empty: two studies without a number must not come to share one.
        """
        original = _stripped(original)
        if not original:
            return ""
        room = _SH_LENGTH - len(self._accession_prefix)
        return self._accession_prefix + _readable(self._digest("accession", original), room)

    def _text(self, original: str, length: int = PSEUDONYM_LENGTH) -> str:
        """Return a dummy for any other value: upper case letters and digits, valid in a CS too.

        Parameters
        ----------
        original : str
            The value; padding is of no account.
        length : int
            How many characters; more than 51 are not given.

        Raises
        ------
        ValueError
            When ``length`` is less than one.
        """
        if length < 1:
            raise ValueError("a dummy has at least one character")
        digest = self._digest("text", _stripped(original))
        return _readable(digest, min(length, _DIGEST_CHARACTERS))

    def _date_shift(self, patient_id: str, issuer: str = "") -> timedelta:
        """Return what to add to all of a patient's dates and times, the same in every study.

        Whole seconds, negative (into the past), uniform between 30 and 1825 days, so that the
        time of day moves as well and all intervals stay as they are.
        """
        digest = self._digest("date", _stripped(patient_id), _stripped(issuer))
        least = int(LEAST_SHIFT.total_seconds())
        choices = int(LARGEST_SHIFT.total_seconds()) - least + 1
        # 128 bits against 2**28 choices: the modulo's bias is far below anything measurable.
        return -timedelta(seconds=least + int.from_bytes(digest[:16], "big") % choices)

    def _digest(self, kind: str, *parts: str) -> bytes:
        """Return the keyed digest of some strings, told apart by their lengths."""
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
        return hmac.digest(self._keys[kind], message, "sha256")


def _stripped(value: str) -> str:
    """Return a value without the padding DICOM may put around it."""
    return value.strip(" \0\t\r\n")


def _readable(digest: bytes, length: int) -> str:
    """Return the first ``length`` times 5 bits of a digest in :data:`ALPHABET`."""
    number = int.from_bytes(digest, "big")
    top = len(digest) * 8
    return "".join(ALPHABET[number >> (top - 5 * (i + 1)) & 31] for i in range(length))


def _check_prefix(prefix: str, kind: str, longest: int) -> None:
    """Refuse a prefix that would not be a valid beginning of the attribute."""
    if len(prefix) > longest:
        raise InputError(f"the {kind} prefix is longer than {longest} characters")
    if not _PREFIX.fullmatch(prefix):
        raise InputError(f"the {kind} prefix may hold letters, digits and . _ - only")
