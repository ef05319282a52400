"""The scanner finds what is there, all of it, and nothing that is not."""

from __future__ import annotations

import gzip
import re
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verifymaker import STUDY_DATE, encoded, make_dataset

from Clinic2CloudLib.verify import conformance
from Clinic2CloudLib.verify.beginnings import Beginnings
from Clinic2CloudLib.verify.payloads import codec_headers, payloads, png_text
from Clinic2CloudLib.verify.scanner import Scanner, is_text
from Clinic2CloudLib.verify.tokens import Token, as_date, classify, date_forms


def found(tokens: list[str], data: bytes) -> set[str]:
    return {needle.token.text for needle, _ in Scanner(classify(tokens)).in_text(data)}


@given(st.lists(st.binary(min_size=4, max_size=4), max_size=8), st.binary(max_size=300))
def test_beginnings_are_exactly_those_that_are_there(words: list[bytes], data: bytes) -> None:
    numbers = {int.from_bytes(word, "little") for word in words}
    planted = data + b"".join(words[:2]) + data[:3]
    expected = sorted(n for n in numbers if n.to_bytes(4, "little") in planted)
    assert Beginnings(numbers).found_in(planted) == expected


words = st.text(st.sampled_from("abcdefghÄöñ"), min_size=4, max_size=12)


@settings(max_examples=60)
@given(words, st.sampled_from(["utf-8", "latin-1", "utf-16-le", "utf-16-be"]), st.booleans())
def test_a_word_is_found_in_every_encoding_short_or_long(word: str, codec: str, long: bool) -> None:
    data = f" {word} ".encode(codec)
    filler = b"\xff" * (20_000 if long else 10)
    assert found([word], filler + data + filler) == ({word} if len(set(word)) > 1 else set())


@pytest.mark.parametrize("codec", ["shift_jis", "euc_jp", "utf-8", "gb18030"])
def test_names_in_other_scripts_are_found(codec: str) -> None:
    assert found(["山田太郎"], b"..." + "山田太郎".encode(codec) + b"...") == {"山田太郎"}


@pytest.mark.parametrize(
    ("token", "text", "there"),
    [
        ("04217788", "x04217788x", True),
        ("04217788", "104217788", False),
        ("04217788", "04217788.", True),
        ("04217788", "04217788.5", False),
        ("04217788", "0.04217788", False),
        ("1.2.840.99.2", "1.2.840.99.2\0", True),
        ("1.2.840.99.2", "1.2.840.99.2.1", False),
        ("1.2.840.99.2", "11.2.840.99.2", False),
        ("Anna", "Susanna", False),
        ("Anna", "Annabelle", False),
        ("Anna", "ANNA^X", True),
        ("Anna", "anna2", True),
        ("Wilhelmine", "xwilhelminex", True),
        ("A2023-004512", "a2023-004512", True),
        ("A2023-004512", "BA2023-004512", False),
        ("19650412", "1965-04-12", True),
        ("19650412", "12.04.1965", True),
        ("19650412", "04/12/1965", True),
        ("19650412", "119650412", False),
        ("123", "123", False),  # too short to mean anything among bytes
        ("Bo", "Bo", False),
    ],
)
@pytest.mark.parametrize("codec", ["ascii", "utf-16-le"])
def test_tokens_stand_by_themselves(token: str, text: str, there: bool, codec: str) -> None:
    assert bool(found([token], f" {text} ".encode(codec))) == there


def test_values_are_what_they_look_like() -> None:
    kinds = {token.text: token.kind for token in classify(
        ["1.2.840.1", "20190312", "2019.03.12", "20190312101112.5+0100", "123456", "1234",
         "A1234", "A1", "Anna", "Ng", "山田", "5512041277", "20191399"]
    )}  # fmt: skip
    assert kinds == {
        "1.2.840.1": "uid",
        "20190312": "date",
        "123456": "number",
        "1234": "short",
        "A1234": "code",
        "A1": "short",
        "Anna": "word",
        "Ng": "short",
        "山田": "word",
        "5512041277": "number",
        "20191399": "number",
    }


@given(st.text(max_size=30))
def test_any_value_is_classified_and_searched_for(value: str) -> None:
    Scanner(classify([value])).tokens  # noqa: B018
    list(Scanner(classify([value])).in_text(value.encode("utf-8", "surrogatepass")))


def test_a_date_has_the_forms_in_which_people_write_it() -> None:
    assert as_date("20230230") is None
    assert "16.03.2023" in set(date_forms(STUDY_DATE))


def test_chance_decides_what_is_searched_for_in_binary_data() -> None:
    """Five letters among a few kilobytes cannot be there by chance; four among megabytes can."""
    scanner = Scanner(classify(["Huber", "Vera"]))
    small = np.random.default_rng(0).bytes(4096)
    large = np.random.default_rng(0).bytes(8 << 20)

    def seen(data: bytes, *, pixels: bool) -> set[str]:
        return {n.token.text for n, _ in scanner.in_binary(data, pixels=pixels)}

    planted = b"\0Huber\0" + b"\0Vera\0"
    assert "Huber" in seen(small + planted, pixels=False)
    assert "Vera" not in seen(large + planted, pixels=False)
    assert seen(large + planted, pixels=True) == set()


@settings(max_examples=30)
@given(st.binary(min_size=8, max_size=200), st.integers(0, 3))
def test_what_is_packed_is_unpacked(data: bytes, kind: int) -> None:
    import base64

    packed = [
        zlib.compress(data),
        gzip.compress(data, mtime=0),
        base64.b64encode(data * 3),
        gzip.compress(zlib.compress(data), mtime=0),
    ][kind]
    inner = list(payloads(b"\1\2" + packed + b"\3"))
    assert any(data in piece for piece in inner)


@settings(max_examples=50)
@given(st.binary(max_size=2000))
def test_any_bytes_are_unpacked_without_a_fault(data: bytes) -> None:
    for prefix in (
        b"",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"\x78\x9c",
        b"%PDF-1.4 stream\n",
        b"\xff\xd8",
    ):
        list(payloads(prefix + data))
        list(codec_headers(prefix + data))
        list(png_text(b"\x89PNG\r\n\x1a\n" + data))


def test_a_pack_of_packs_comes_to_an_end() -> None:
    data = b"name Muster"
    for _ in range(8):
        data = gzip.compress(data, mtime=0)
    assert len(list(payloads(data))) <= 3 * 4
    bomb = zlib.compress(bytes(100 << 20))
    assert all(len(piece) <= 64 << 20 for piece in payloads(bomb))


def test_text_is_told_from_binary() -> None:
    assert is_text(b"Dear colleague,\r\nthank you.")
    assert not is_text(bytes(range(256)))
    assert not is_text(b"")


def test_comments_of_jpeg_2000_are_read() -> None:
    comment = b"\xff\x64\x00\x0a\x00\x01Muster"
    stream = b"\xff\x4f" + b"\xff\x51\x00\x04ab" + comment + b"\xff\x90\x00\x0a"
    assert any(b"Muster" in part for part in codec_headers(stream))
    boxed = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x0exml Muster" + stream
    assert sum(b"Muster" in part for part in codec_headers(boxed)) == 2


@pytest.mark.skipif(not conformance.is_installed(), reason="dciodvfy is not installed")
def test_errors_that_were_added_are_counted() -> None:
    before = make_dataset(0)
    after = make_dataset(0)
    after.ImageType = "not_a_valid\\value"
    assert not conformance.added_errors(encoded(before), encoded(before))
    assert conformance.added_errors(encoded(before), encoded(after))


def test_no_pattern_is_slow_on_what_it_almost_matches() -> None:
    scanner = Scanner([Token("1.2.3.4", "uid"), Token("Anna", "word")])
    data = b"1.2.3.4." * 20_000 + b"annaanna" * 20_000
    assert {n.token.text for n, _ in scanner.in_text(data)} == set()
    assert re.search(rb"anna", data)
