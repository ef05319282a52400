"""multipart/related out and in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from casemaker import mr_slice
from hypothesis import given
from hypothesis import strategies as st

from Clinic2CloudLib.cloud import multipart
from Clinic2CloudLib.cloud.content import fingerprint
from Clinic2CloudLib.cloud.multipart import Outgoing, RelatedBody, RelatedReader, parameter
from Clinic2CloudLib.cloud.retry import TemporaryError
from Clinic2CloudLib.errors import InputError, NotApprovedError

CONTENTS = st.lists(
    st.binary(max_size=300) | st.just(b"\r\n--b") | st.just(b"\r\n\r\n"), max_size=5
)


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    while at < len(body):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(body[at : at + size])
        at += size
    return pieces


def frame(contents: list[bytes]) -> bytes:
    opened = b"".join(
        b"--b9\r\nContent-Type: application/dicom\r\n\r\n" + c + b"\r\n" for c in contents
    )
    return opened + b"--b9--\r\n"


@given(CONTENTS, st.lists(st.integers(1, 64), min_size=1, max_size=6))
def test_parts_come_back_whatever_the_pieces_they_arrive_in(contents, sizes) -> None:
    reader = RelatedReader(iter(cut(frame(contents), sizes)), "b9")
    assert [b"".join(part) for part in reader.parts()] == contents


@given(st.binary(min_size=1, max_size=80), st.data())
def test_an_answer_cut_anywhere_is_never_taken_for_whole(
    content: bytes, data: st.DataObject
) -> None:
    body = frame([content])
    at = data.draw(st.integers(0, len(body) - len(b"--\r\n") - 1))
    with pytest.raises(TemporaryError):
        for part in RelatedReader(iter([body[:at]]), "b9").parts():
            b"".join(part)


def test_parts_that_nobody_reads_are_passed_over() -> None:
    reader = RelatedReader(iter([frame([b"one", b"two", b"three"])]), "b9")
    assert sum(1 for _ in reader.parts()) == 3


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.sampled_from([100, 10**6]))
def test_what_is_sent_has_the_length_it_says(tmp_path_factory, contents, whole) -> None:
    folder = tmp_path_factory.mktemp("parts")
    parts, counted = [], []
    for number, content in enumerate(contents):
        path = folder / f"{number}.dcm"
        path.write_bytes(content)
        parts.append(Outgoing(str(number), path, len(content), hashlib.sha256(content).hexdigest()))
    kept, multipart.WHOLE = multipart.WHOLE, whole
    try:
        body = RelatedBody(parts, counted.append)
        sent = b"".join(body)
    finally:
        multipart.WHOLE = kept
    assert len(sent) == len(body)
    assert sum(counted) == sum(map(len, contents))
    reader = RelatedReader(iter([sent]), parameter(body.content_type, "boundary"))
    assert [b"".join(part) for part in reader.parts()] == contents


@pytest.mark.parametrize("whole", [10, 10**6])
def test_a_file_that_grew_shrank_or_went_is_refused(tmp_path: Path, monkeypatch, whole) -> None:
    monkeypatch.setattr(multipart, "WHOLE", whole)
    path = tmp_path / "a.dcm"
    approved = b"x" * 5000
    part = Outgoing("1", path, len(approved), hashlib.sha256(approved).hexdigest())
    for content in (approved + b"x", approved[:-1], b"y" + approved[1:]):
        path.write_bytes(content)
        with pytest.raises(NotApprovedError, match=r"a\.dcm changed"):
            b"".join(RelatedBody([part], lambda _: None))
    path.unlink()
    with pytest.raises(InputError, match=r"a\.dcm cannot be read"):
        b"".join(RelatedBody([part], lambda _: None))


@given(st.integers(1, 700))
def test_a_fingerprint_does_not_depend_on_the_pieces(size: int) -> None:
    content = mr_slice(1, side=8)
    whole = fingerprint(iter([content]))
    assert fingerprint(iter(cut(content, [size]))) == whole
    assert whole.head + content[len(whole.head) :] == content
    assert len(whole.head) == 144 + int.from_bytes(content[140:144], "little")
    assert whole.data_set == hashlib.sha256(content[len(whole.head) :]).hexdigest()


@given(st.binary(max_size=400))
def test_anything_has_a_fingerprint_of_its_own(content: bytes) -> None:
    assert fingerprint(iter([content])) != fingerprint(iter([content + b"\0"]))
    assert not fingerprint(iter([content])).agrees_with(fingerprint(iter([b"x" + content])))
