"""Pseudonyms: the same with the same key, valid in their VR, and nothing without the key."""

from __future__ import annotations

import hashlib
import hmac
import pickle
import re
import string
import zlib
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms
from Clinic2CloudLib.errors import InputError

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
HERE = Pseudonyms(KEY)
ELSEWHERE = Pseudonyms(OTHER_KEY)

uids = st.from_regex(r"[0-2](\.(0|[1-9][0-9]{0,9})){1,5}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=64)


@given(uids)
def test_a_uid_is_a_uuid_as_a_decimal_number_and_never_longer_than_64(original: str) -> None:
    new = HERE.uid(original)
    assert re.fullmatch(r"2\.25\.[1-9][0-9]{0,38}", new)
    assert len(new) <= 64
    number = int(new[5:])
    assert number < 1 << 128
    assert (number >> 76 & 0xF, number >> 62 & 0x3) == (8, 2)  # RFC 9562: custom UUID


@given(uids)
def test_uids_depend_on_the_key_and_on_nothing_else(original: str) -> None:
    assert HERE.uid(original) == Pseudonyms(KEY).uid(original + "\0")
    assert HERE.uid(original) == pickle.loads(pickle.dumps(HERE)).uid(f"{original} ")
    assert HERE.uid(original) != ELSEWHERE.uid(original)


def test_nothing_in_common_under_another_key_and_no_collision() -> None:
    originals = [f"1.2.840.113619.2.{i}" for i in range(100_000)]
    here = {HERE.uid(uid) for uid in originals}
    elsewhere = {ELSEWHERE.uid(uid) for uid in originals}
    assert len(here) == len(elsewhere) == len(originals)
    assert not here & elsewhere


def test_kinds_have_nothing_in_common() -> None:
    same = "12345678"
    values = [
        HERE.patient_id(same),
        HERE.accession_number(same),
        HERE.text(same),
        HERE.patient_id(same, same),
        HERE.patient_id("", same),
    ]
    assert len(set(values)) == len(values)


def test_what_is_split_differently_is_another_patient() -> None:
    assert HERE.patient_id("12", "3") != HERE.patient_id("1", "23")
    assert HERE.patient_id("123", "A") != HERE.patient_id("123", "B")
    assert HERE.patient_id("123") == HERE.patient_id(" 123 ", "  ")
    assert HERE.patient_id("a") != HERE.patient_id("A")


@given(texts, texts)
def test_patient_ids_are_readable_and_fit(patient: str, issuer: str) -> None:
    site = Pseudonyms(KEY, patient_prefix="BERN-")
    new = site.patient_id(patient, issuer)
    assert re.fullmatch(r"BERN-[0-9A-HJKMNP-TV-Z]{16}", new)
    assert site.patient_name(patient, issuer) == new
    assert new.removeprefix("BERN-") == HERE.patient_id(patient, issuer)


@given(texts.filter(lambda text: bool(text.strip(" \0\t\r\n"))))
def test_accession_numbers_fill_a_short_string(original: str) -> None:
    assert len(Pseudonyms(KEY, accession_prefix="UKB-").accession_number(original)) == 16
    assert len(HERE.accession_number(original)) == 16


def test_what_is_empty_stays_empty() -> None:
    assert HERE.accession_number("  ") == ""
    assert HERE.uid("\0") == ""


@given(texts, st.integers(1, 200))
def test_dummies_are_as_long_as_asked_and_valid_in_a_coded_string(text: str, length: int) -> None:
    dummy = HERE.text(text, length)
    assert len(dummy) == min(length, 51)
    assert set(dummy) <= set(string.ascii_uppercase + string.digits)


def test_a_dummy_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        HERE.text("x", 0)


@given(texts)
def test_dates_move_into_the_past_by_whole_seconds(patient: str) -> None:
    shift = HERE.date_shift(patient)
    assert timedelta(days=-1825) <= shift <= timedelta(days=-30)
    assert shift.microseconds == 0
    assert (
        shift == HERE.date_shift(f" {patient}".rstrip("\0"), "") or patient.strip(" \0") != patient
    )


def test_shifts_are_spread_evenly_and_move_the_time_of_day() -> None:
    shifts = [-HERE.date_shift(str(i)) for i in range(20_000)]
    tenths = Counter(int((s - timedelta(days=30)) / timedelta(days=179.5)) for s in shifts)
    assert set(tenths) <= set(range(10))
    assert all(1800 < count < 2200 for count in tenths.values())  # 2000, more than 4 sigma away
    assert sum(s.seconds == 0 for s in shifts) < 5
    hours = Counter(s.seconds // 3600 for s in shifts)
    assert len(hours) == 24


def test_a_dictionary_of_eight_digit_numbers_finds_nothing_without_the_key() -> None:
    """What an attacker without the key can compute never appears in a pseudonym.

    The secret number is among those tried, with every unkeyed hash in use by the field's tools and
    every way to write it into the pseudonym; under the right key the same search finds it at once.
    """
    secret = "04217788"
    published = {
        HERE.uid(secret),
        HERE.patient_id(secret),
        HERE.accession_number(secret),
        HERE.text(secret, 51),
    }
    candidates = [f"{n:08d}" for n in range(4_217_000, 4_219_000)]
    assert secret in candidates

    def guesses(candidate: str) -> set[str]:
        raw = candidate.encode()
        numbers = [zlib.crc32(raw), zlib.adler32(raw)]
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(name, raw).digest()
            numbers += [int.from_bytes(digest, "big"), int.from_bytes(digest[:16], "big")]
        guessed = Pseudonyms(hashlib.sha256(b"clinic2cloud").digest())
        return (
            {f"2.25.{n}" for n in numbers}
            | {str(n) for n in numbers}
            | {f"{n:X}"[:16] for n in numbers}
            | {guessed.uid(candidate), guessed.patient_id(candidate), guessed.text(candidate, 51)}
        )

    assert not any(guesses(candidate) & published for candidate in candidates)
    with_key = [c for c in candidates if Pseudonyms(KEY).patient_id(c) in published]
    assert with_key == [secret]


def test_the_digest_is_hmac_sha256_under_a_key_of_its_own() -> None:
    """Written out once more from the module's description, so that it never changes."""
    own_key = hmac.new(KEY, b"Clinic2Cloud/1/uid", "sha256").digest()
    digest = hmac.new(own_key, b"\0\0\0\x051.2.3", "sha256").digest()
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) | 8 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    assert HERE.uid("1.2.3") == f"2.25.{number}"
    assert HERE.uid("1.2.3") == "2.25.234143903943441893834402728931850575338"
    assert HERE.patient_id("1") == "5182YYSA8GHG8RQH"
    assert HERE.date_shift("1") == timedelta(seconds=-80401350)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((b"short",), "shorter than 32"),
        ((KEY, "P" * 17), "longer than 16"),
        ((KEY, "a^b"), "letters, digits"),
        ((KEY, "", "TOOLONG"), "longer than 4"),
        ((KEY, "", "a\\b"), "letters, digits"),
    ],
)
def test_what_cannot_be_a_key_or_prefix_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Pseudonyms(*arguments)


def test_the_key_never_shows() -> None:
    assert KEY.hex() not in repr(HERE)
    assert str(KEY) not in repr(HERE)
