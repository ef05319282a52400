"""The crosswalk: encrypted, never lost, never twice, never beside the output."""

from __future__ import annotations

import csv
import multiprocessing
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Clinic2CloudLib.cases.crosswalk import (
    Crosswalk,
    Entry,
    entries_of,
    kinds_kept,
    refuse_beside_output,
)
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms
from Clinic2CloudLib.errors import InputError, OutputError

KEY = bytes(range(32))
NAME = "Muster^Anna Maria"
ENTRIES = [
    Entry("2.25.1", "uid", "2.25.1", "1.2.3.1"),
    Entry("2.25.1", "uid", "2.25.11", "1.2.3.11"),
    Entry("2.25.1", "patient", "PSEUDO", "04217788"),
    Entry("2.25.1", "name", "PSEUDO", NAME),
    Entry("2.25.1", "date", "", "19650412"),
    Entry("2.25.2", "uid", "2.25.2", "1.2.3.2"),
]


@dataclass
class Header:
    """What the crosswalk needs of a HeaderResult."""

    series_uid: str = "2.25.1"
    patient_id: str = ""
    identifiers: dict[str, frozenset[str]] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site" / "crosswalk.c2c"


def test_what_was_added_is_found_again(path: Path) -> None:
    assert Crosswalk(path, KEY).add(ENTRIES) == 6
    crosswalk = Crosswalk(path, KEY)
    assert sorted(crosswalk.entries()) == sorted(ENTRIES)
    assert crosswalk.lookup("2.25.11") == "1.2.3.11"
    assert crosswalk.lookup("PSEUDO") == "04217788"
    assert crosswalk.lookup("2.25.99") is None
    assert crosswalk.lookup("") is None


def test_tokens_are_one_series_own_and_names_come_in_parts(path: Path) -> None:
    crosswalk = Crosswalk(path, KEY)
    crosswalk.add(ENTRIES)
    assert crosswalk.tokens_for("2.25.1") == sorted(
        ["1.2.3.1", "1.2.3.11", "04217788", NAME, "Muster", "Anna", "Maria", "19650412"]
    )
    assert crosswalk.tokens_for("2.25.1", leave_out={"date"}) == sorted(
        ["1.2.3.1", "1.2.3.11", "04217788", NAME, "Muster", "Anna", "Maria"]
    )
    assert crosswalk.tokens_for("2.25.2") == ["1.2.3.2"]
    assert crosswalk.tokens_for("2.25.3") == []


def test_what_a_policy_keeps_is_not_looked_for() -> None:
    assert kinds_kept({"retain_full_dates": True, "retain_device": False, "keep": []}) == {"date"}
    assert kinds_kept({"retain_uids": True, "retain_institution": True}) == {
        "uid",
        "institution",
        "address",
    }
    assert kinds_kept({}) == frozenset()


def test_before_the_first_entries_it_is_empty_and_no_file(path: Path) -> None:
    crosswalk = Crosswalk(path, KEY)
    assert list(crosswalk.entries()) == []
    assert crosswalk.tokens_for("2.25.1") == []
    assert not path.exists()


def test_the_same_source_again_adds_nothing(path: Path) -> None:
    Crosswalk(path, KEY).add(ENTRIES)
    size = path.stat().st_size
    assert Crosswalk(path, KEY).add(reversed(ENTRIES)) == 0
    assert path.stat().st_size == size
    assert Crosswalk(path, KEY).add([*ENTRIES, Entry("2.25.1", "uid", "2.25.12", "1.2.3.12")]) == 1
    assert len(list(Crosswalk(path, KEY).entries())) == 7
    assert Crosswalk(path, KEY).add(ENTRIES) == 0


def test_nothing_in_the_file_can_be_read_without_the_key(path: Path) -> None:
    Crosswalk(path, KEY).add(ENTRIES)
    data = path.read_bytes()
    for word in (b"Muster", b"04217788", b"1.2.3", b"2.25.1", b"PSEUDO", KEY):
        assert word not in data
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_is_refused_with_one_sentence(path: Path) -> None:
    Crosswalk(path, KEY).add(ENTRIES)
    with pytest.raises(InputError, match="another site key"):
        Crosswalk(path, KEY[::-1])


@pytest.mark.parametrize("content", [b"", b"text", b"C2CXWK1\n", b"\0" * 100])
def test_another_file_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a crosswalk"):
        Crosswalk(path, KEY)
    assert path.read_bytes() == content


def test_a_write_cut_short_anywhere_loses_only_itself(path: Path) -> None:
    """Every length to which a crash may leave the file, one by one."""
    Crosswalk(path, KEY).add(ENTRIES[:5])
    whole = path.read_bytes()
    Crosswalk(path, KEY).add(ENTRIES[5:])
    longer = path.read_bytes()
    for length in range(len(whole), len(longer)):
        path.write_bytes(longer[:length])
        assert sorted(Crosswalk(path, KEY).entries()) == sorted(ENTRIES[:5])
        assert Crosswalk(path, KEY).add(ENTRIES[5:]) == 1
        assert sorted(Crosswalk(path, KEY).entries()) == sorted(ENTRIES)


def test_a_last_record_of_which_the_disk_kept_the_length_alone_is_dropped(path: Path) -> None:
    Crosswalk(path, KEY).add(ENTRIES[:5])
    size = path.stat().st_size
    Crosswalk(path, KEY).add(ENTRIES[5:])
    data = path.read_bytes()
    path.write_bytes(data[: size + 4] + bytes(len(data) - size - 4))
    assert sorted(Crosswalk(path, KEY).entries()) == sorted(ENTRIES[:5])
    assert Crosswalk(path, KEY).add(ENTRIES) == 1
    assert path.with_name("crosswalk.c2c.torn").exists()


def test_damage_inside_is_said_and_not_passed_over(path: Path) -> None:
    Crosswalk(path, KEY).add(ENTRIES[:5])
    size = path.stat().st_size
    Crosswalk(path, KEY).add(ENTRIES[5:])
    data = bytearray(path.read_bytes())
    data[size - 20] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        list(Crosswalk(path, KEY).entries())


def test_records_cannot_change_places(path: Path) -> None:
    header = 40
    Crosswalk(path, KEY).add([Entry("2.25.1", "uid", "2.25.7", "1.2.7")])
    first = path.read_bytes()[header:]
    Crosswalk(path, KEY).add([Entry("2.25.1", "uid", "2.25.8", "1.2.8")])
    data = path.read_bytes()
    second = data[header + len(first) :]
    path.write_bytes(data[:header] + second + first)
    with pytest.raises(InputError, match="damaged"):
        list(Crosswalk(path, KEY).entries())


def append(path: Path, number: int) -> None:
    crosswalk = Crosswalk(path, KEY)
    for i in range(10):
        crosswalk.add([Entry(f"2.25.{number}", "uid", f"2.25.{number}.{i}", f"1.{number}.{i}")])


def test_several_processes_append_at_the_same_time(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append, args=(path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(set(Crosswalk(path, KEY).entries())) == 30


def test_the_key_holder_exports_csv(path: Path, tmp_path: Path) -> None:
    crosswalk = Crosswalk(path, KEY)
    crosswalk.add(ENTRIES)
    out = tmp_path / "crosswalk.csv"
    crosswalk.export_csv(out)
    with out.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["new_series_uid", "kind", "new", "original"]
    assert {tuple(row) for row in rows[1:]} == {
        (e.series, e.kind, e.new, e.original) for e in ENTRIES
    }
    if os.name != "nt":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_csv_never_lands_in_a_case(path: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    (case / "preview").mkdir(parents=True)
    (case / "case.json").write_text("{}")
    with pytest.raises(InputError, match="in a case"):
        Crosswalk(path, KEY).export_csv(case / "preview" / "x.csv")


def test_a_place_in_the_output_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    refuse_beside_output(tmp_path / "crosswalk.c2c", out)
    refuse_beside_output(tmp_path / "output" / "crosswalk.c2c", out)
    for inside in (out / "x.c2c", out / "a" / "x.c2c", tmp_path / "a" / ".." / "out" / "x"):
        with pytest.raises(InputError, match="in the output"):
            refuse_beside_output(inside, out)
    out.mkdir()
    (tmp_path / "link").symlink_to(out)
    with pytest.raises(InputError, match="in the output"):
        refuse_beside_output(tmp_path / "link" / "x.c2c", out)


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((OutputError, InputError)) as caught:
        Crosswalk(tmp_path / "file" / "x.c2c", KEY).add(ENTRIES)
    assert str(tmp_path) not in str(caught.value)


def test_entries_of_headers_say_what_stands_for_what() -> None:
    pseudonyms = Pseudonyms(KEY)
    header = Header(
        patient_id=pseudonyms.patient_id("04217788"),
        identifiers={
            "name": frozenset([NAME]),
            "id": frozenset(["04217788", "STUDY7"]),
            "accession": frozenset(["A77"]),
            "uid": frozenset(["1.2.3"]),
            "date": frozenset(["19650412"]),
        },
        uids={"1.2.3": "2.25.1"},
    )
    found = entries_of([header, header], pseudonyms)
    assert len(found) == 6
    assert Entry("2.25.1", "uid", "2.25.1", "1.2.3") in found
    assert Entry("2.25.1", "patient", header.patient_id, "04217788") in found
    assert Entry("2.25.1", "accession", pseudonyms.accession_number("A77"), "A77") in found
    assert Entry("2.25.1", "date", "", "19650412") in found
    without = entries_of([header])
    assert Entry("2.25.1", "id", header.patient_id, "04217788") in without


@settings(max_examples=40)
@given(
    st.lists(
        st.builds(
            Entry,
            st.sampled_from(["2.25.1", "2.25.2"]),
            st.sampled_from(["uid", "name"]),
            st.text(max_size=8),
            st.text(max_size=20),
        ),
        max_size=20,
    ),
    st.integers(0, 20),
)
def test_any_text_in_any_portions(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], cut: int
) -> None:
    path = tmp_path_factory.mktemp("x") / "x.c2c"
    crosswalk = Crosswalk(path, KEY)
    added = crosswalk.add(entries[:cut]) + crosswalk.add(entries[cut:])
    assert set(crosswalk.entries()) == set(entries)
    assert added == len(set(entries))
