"""A multipart body gives the same parts however it is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Clinic2CloudLib.cloud.server.multipart import (
    MalformedError,
    PartBegins,
    PartData,
    PartEnds,
    RelatedParser,
    parse_media_type,
)

BOUNDARY = "b0undary"
#: Contents that look like boundaries and line ends, as pixel data may.
CONTENT = st.lists(
    st.sampled_from(
        [b"\r\n", b"\r", b"\n", b"--", b"-", b"--b0undar", b"\r\n--b0undar", b"x", b"\0"]
    )
    | st.binary(max_size=40),
    max_size=8,
).map(b"".join)


def parse(pieces: list[bytes], boundary: str = BOUNDARY) -> tuple[list[tuple[str, bytes]], bool]:
    """Return the complete parts and whether the body was."""
    parser = RelatedParser(boundary)
    parts: list[tuple[str, bytes]] = []
    kind, content = "", b""
    for piece in pieces:
        for event in parser.feed(piece):
            if isinstance(event, PartBegins):
                kind, content = event.content_type, b""
            elif isinstance(event, PartData):
                content += event.data
            elif isinstance(event, PartEnds):
                parts.append((kind, content))
    return parts, parser.complete


def body(contents: list[bytes], preamble: bytes = b"", epilogue: bytes = b"") -> bytes:
    head = b"--b0undary\r\nContent-Type: application/dicom\r\n\r\n"
    parts = b"".join(head + one + b"\r\n" for one in contents)
    return (preamble + b"\r\n" if preamble else b"") + parts + b"--b0undary--" + epilogue


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[a:b] for a, b in pairwise(edges)]


@given(
    st.lists(CONTENT.filter(lambda c: b"\r\n--b0undary" not in b"\r\n" + c), max_size=4),
    st.lists(st.integers(0, 10_000), max_size=12),
    st.sampled_from([b"", b"a preamble\r\nof lines"]),
    st.sampled_from([b"", b"\r\n", b"\r\nan epilogue --b0undary"]),
)
def test_every_cutting_gives_the_same_parts(
    contents: list[bytes], places: list[int], preamble: bytes, epilogue: bytes
) -> None:
    whole = body(contents, preamble, epilogue)
    assert parse(cut(whole, places)) == ([("application/dicom", one) for one in contents], True)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=3), st.integers(0, 10_000))
def test_a_body_cut_short_never_gives_a_part_that_was_not_complete(
    contents: list[bytes], place: int
) -> None:
    whole = body(contents)
    end = place % len(whole.removesuffix(b"--"))
    parts, complete = parse([whole[:end]])
    assert not complete
    assert [content for _, content in parts] == contents[: len(parts)]
    assert len(parts) == whole[:end].count(b"\r\n--b0undary")


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_parsed_or_refused(data: bytes, places: list[int]) -> None:
    pieces = cut(b"--b0undary\r\n" + data, places)
    try:
        parts, _ = parse(pieces)
    except MalformedError:
        return
    assert sum(len(content) for _, content in parts) <= len(data)


def test_a_part_without_a_header_is_a_part() -> None:
    assert parse([b"--b0undary\r\n\r\ncontent\r\n--b0undary--"]) == ([("", b"content")], True)


def test_blanks_behind_a_boundary_are_allowed_and_other_things_are_not() -> None:
    assert parse([b"--b0undary \t\r\n\r\nx\r\n--b0undary--"])[0] == [("", b"x")]
    with pytest.raises(MalformedError):
        parse([b"--b0undary2\r\n\r\nx\r\n--b0undary--"])


@pytest.mark.parametrize("boundary", ["", "x" * 71, "ends with a blank ", 'a"b', "a\r\nb", "ä"])
def test_a_boundary_that_is_none_is_refused(boundary: str) -> None:
    with pytest.raises(MalformedError):
        RelatedParser(boundary)


def test_a_header_without_end_does_not_fill_the_memory() -> None:
    parser = RelatedParser(BOUNDARY)
    parser.feed(b"--b0undary\r\n")
    with pytest.raises(MalformedError):
        for _ in range(100):
            parser.feed(b"X-Header: " + b"x" * 4096 + b"\r\n")


def test_media_types_are_read_with_quotes_and_case() -> None:
    kind, parameters = parse_media_type('Multipart/Related; Type="application/dicom"; boundary=a')
    assert (kind, parameters) == (
        "multipart/related",
        {"type": "application/dicom", "boundary": "a"},
    )
