"""Where images come from, and what of it is set aside."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicommaker import enhanced, header, slice_of, to_bytes
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.fileset import FileSet
from pydicom.pixels import compress
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from Clinic2CloudLib.dicom.elements import read_layout
from Clinic2CloudLib.dicom.pixel_header import read_pixel_header
from Clinic2CloudLib.dicom.series import SeriesListing, find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.errors import InputError, NotDeidentifiableError

PIXELS = np.arange(64, dtype=np.int16).reshape(8, 8)


def slices(count: int = 3) -> list[bytes]:
    return [to_bytes(slice_of(n, PIXELS + n, (0, 0, n))) for n in range(count)]


def find(path: Path) -> SeriesListing:
    with open_source(path) as source:
        return find_series(source)


def reasons(found: SeriesListing) -> dict[str, str]:
    return {item.file: item.reason for item in found.set_aside}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for number, raw in enumerate(slices()):
        (tmp_path / "a" / "b" / f"{9 - number}.dcm").write_bytes(raw)
    return tmp_path


def test_a_folder_is_searched_with_its_subfolders(folder: Path) -> None:
    (folder / "README.txt").write_text("the images of the study, one file a slice, no more")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "a" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "nowhere").symlink_to(folder / "missing")
    found = find(folder)
    assert [len(series.instances) for series in found.series] == [3]
    assert "a/b/7.dcm" in [item.file.relative for item in found.series[0].instances]
    assert reasons(found) == {
        "README.txt": "not a DICOM file",
        ".DS_Store": "hidden",
        "empty.dcm": "not a DICOM file",
        "a/loop": "a link to a folder that was read already",
        "nowhere": "a link that leads nowhere",
    }


def test_a_single_file_is_a_source(folder: Path) -> None:
    assert len(find(folder / "a" / "b" / "9.dcm").series[0].instances) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "there is no here"),
        (lambda p: p.mkdir(), "there are no files in here"),
        (lambda p: p.write_bytes(b""), "here is empty"),
        (lambda p: p.write_bytes(b"PK\x03\x04 and no more"), "not a whole zip archive"),
        (lambda p: p.write_bytes(b"SQLite format 3\0" + bytes(200)), "the database here"),
    ],
)
def test_what_cannot_be_a_source_is_said_in_one_sentence(tmp_path: Path, make, words: str) -> None:
    make(tmp_path / "here")
    with pytest.raises(InputError, match=words):
        find(tmp_path / "here")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_said(folder: Path) -> None:
    folder.chmod(0)
    try:
        with pytest.raises(InputError, match="no permission"):
            find(folder)
    finally:
        folder.chmod(0o700)


def test_a_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, raw in enumerate(slices()):
            archive.writestr(f"study/{number}.dcm", raw)
        archive.writestr("../outside.txt", "text that is long enough to look at")
        archive.writestr("__MACOSX/._0.dcm", b"x")
    found = find(path)
    assert [i.file.relative for i in found.series[0].instances] == [
        f"study/{n}.dcm" for n in range(3)
    ]
    assert reasons(found) == {"outside.txt": "not a DICOM file", "__MACOSX/._0.dcm": "hidden"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study.zip"]


def test_a_damaged_member_of_a_zip_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.dcm", slices(1)[0])
    raw = bytearray(path.read_bytes())
    raw[300] ^= 0xFF
    path.write_bytes(raw)
    with open_source(path) as source:
        (file,) = source.files()
        with pytest.raises(Exception, match="damaged in the zip archive"):
            file.read()


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.dcm", slices(1)[0])
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # general purpose flag, bit 0, in the local header and in the directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"study\.zip is encrypted: unpack it with its password"):
        find(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.dcm", bytes(100))
    raw = bytearray(path.read_bytes())
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    path.write_bytes(raw)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}", b"x")
    many = bytearray((tmp_path / "many.zip").read_bytes())
    place = 0
    while (place := many.find(b"PK\x01\x02", place + 1)) > 0:
        many[place + 24 : place + 28] = (0x7FFFFFF0).to_bytes(4, "little")
    (tmp_path / "many.zip").write_bytes(many)
    with pytest.raises(InputError, match="would unpack to 5 GiB"):
        find(tmp_path / "many.zip")


def test_a_dicomdir_gives_what_it_references(tmp_path: Path) -> None:
    files = FileSet()
    for raw_number in range(3):
        dataset = slice_of(raw_number, PIXELS, (0, 0, raw_number))
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20200101", "120000", "1"
        dataset.AccessionNumber, dataset.SeriesNumber = "", 1
        to_bytes(dataset)
        files.add(dataset)
    files.write(tmp_path)
    found = find(tmp_path / "DICOMDIR")
    assert [len(series.instances) for series in found.series] == [3]
    (tmp_path / found.series[0].instances[1].file.relative).unlink()
    again = find(tmp_path / "DICOMDIR")
    assert len(again.series[0].instances) == 2
    assert list(reasons(again).values()) == ["the DICOMDIR names this file, but it is not there"]
    as_folder = find(tmp_path)
    assert reasons(as_folder) == {"DICOMDIR": "a DICOMDIR, not an image"}


def test_a_dicomdir_may_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.dcm").write_bytes(slices(1)[0])
    (tmp_path / "disc").mkdir()
    record = Dataset()
    record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["..", "SECRET.DCM"]
    directory = Dataset()
    directory.FileSetID, directory.DirectoryRecordSequence = "X", [record]
    directory.file_meta = FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(tmp_path / "disc" / "DICOMDIR", directory, enforce_file_format=True)
    found = find(tmp_path / "disc" / "DICOMDIR")
    assert not found.series
    assert list(reasons(found).values()) == ["the DICOMDIR leads out of its folder"]


def make_database(path: Path, names: list[str]) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE SchemaInfo (Version VARCHAR(1024) DEFAULT '');"
        "INSERT INTO SchemaInfo VALUES ('0.8.1');"
        "CREATE TABLE Images (SOPInstanceUID VARCHAR(64) NOT NULL, Filename VARCHAR(1024), "
        "SeriesInstanceUID VARCHAR(64) NOT NULL, InsertTimestamp VARCHAR(20), "
        "PRIMARY KEY (SOPInstanceUID));"
    )
    for number, name in enumerate(names):
        row = (str(number), name, "1.2.3.4.5", "")
        connection.execute("INSERT INTO Images VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


def test_slicers_database_gives_its_files(tmp_path: Path) -> None:
    inside, outside = tmp_path / "db" / "dicom", tmp_path / "elsewhere" / "x"
    inside.mkdir(parents=True)
    outside.mkdir(parents=True)
    first, second, _ = slices()
    (inside / "0.dcm").write_bytes(first)
    (outside / "1.dcm").write_bytes(second)
    database = tmp_path / "db" / "ctkDICOM.sql"
    make_database(database, ["dicom/0.dcm", str(outside / "1.dcm"), "dicom/gone.dcm"])
    before = database.read_bytes()
    found = find(database)
    assert sorted(i.file.relative for i in found.series[0].instances) == ["1.dcm", "dicom/0.dcm"]
    assert reasons(found) == {"dicom/gone.dcm": "the database names this file, but it is not there"}
    assert database.read_bytes() == before
    assert sorted(p.name for p in database.parent.iterdir()) == ["ctkDICOM.sql", "dicom"]


def test_slicers_database_can_be_read_while_slicer_writes(tmp_path: Path) -> None:
    (tmp_path / "0.dcm").write_bytes(slices(1)[0])
    database = tmp_path / "ctkDICOM.sql"
    make_database(database, ["0.dcm"])
    slicer = sqlite3.connect(database)
    slicer.execute("BEGIN IMMEDIATE")
    slicer.execute("INSERT INTO Images VALUES ('9', 'later.dcm', '1', '')")
    try:
        assert len(find(database).series[0].instances) == 1
    finally:
        slicer.rollback()
        slicer.close()


def test_another_sqlite_file_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.sql")
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="not a Slicer DICOM database"):
        find(tmp_path / "other.sql")


def test_every_file_that_is_not_whole_is_set_aside(tmp_path: Path) -> None:
    whole = slices(1)[0]
    (tmp_path / "cut.dcm").write_bytes(whole[:-10])
    (tmp_path / "cut_header.dcm").write_bytes(whole[:400])
    short = slice_of(1, PIXELS, (0, 0, 0))
    short.PixelData = short.PixelData[:-2]
    (tmp_path / "short.dcm").write_bytes(to_bytes(short))
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
        dataset = header(5)
        delattr(dataset, keyword)
        (tmp_path / f"no_{keyword}.dcm").write_bytes(to_bytes(dataset))
    found = find(tmp_path)
    assert not found.series
    assert reasons(found) == {
        "cut.dcm": "the file is cut short: its pixel data would end beyond the end of the file",
        "cut_header.dcm": "the file is cut short: an element would end beyond the end of the file",
        "short.dcm": "the file is cut short: its pixel data are shorter than its size",
        "no_SOPInstanceUID.dcm": "it has no SOP Instance UID",
        "no_SeriesInstanceUID.dcm": "it has no Series Instance UID",
    }


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless])
def test_a_file_cut_anywhere_is_never_taken_for_whole(syntax: str) -> None:
    frames = np.stack([PIXELS, PIXELS])
    dataset = enhanced(frames, [(0, 0, 0), (0, 0, 1)])
    for element in dataset:
        element.is_undefined_length = element.VR == "SQ"
    if syntax == RLELossless:
        to_bytes(dataset)
        compress(dataset, syntax, generate_instance_uid=False, encoding_plugin="pydicom")
    whole = to_bytes(dataset, syntax)
    taken = []
    for length in range(132, len(whole)):
        try:
            if read_pixel_header(read_layout(whole[:length])) is not None:
                taken.append(length)
        except NotDeidentifiableError:
            pass
    assert taken == []


def test_two_files_of_one_instance_are_not_both_taken(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(slices(1)[0])
    (tmp_path / "b.dcm").write_bytes(slices(1)[0])
    (tmp_path / "c.dcm").write_bytes(to_bytes(slice_of(0, PIXELS + 7, (0, 0, 0))))
    stranger = slice_of(4, PIXELS, (0, 0, 4), PatientID="P2")
    (tmp_path / "d.dcm").write_bytes(to_bytes(stranger))
    found = find(tmp_path)
    assert [i.file.relative for i in found.series[0].instances] == ["a.dcm"]
    assert reasons(found) == {
        "b.dcm": "a second copy of another file",
        "c.dcm": "another file has the same SOP Instance UID but other content",
        "d.dcm": "its series belongs to another study or patient",
    }


def test_a_data_set_without_file_meta_information_is_read(tmp_path: Path) -> None:
    raw = to_bytes(slice_of(0, PIXELS, (0, 0, 0)))
    start = raw.index(b"\x08\x00\x16\x00UI")
    (tmp_path / "raw").write_bytes(raw[start:])
    found = find(tmp_path)
    assert found.series[0].instances[0].transfer_syntax_uid == ExplicitVRLittleEndian


def test_names_are_read_in_their_character_set(tmp_path: Path) -> None:
    dataset = slice_of(0, PIXELS, (0, 0, 0), SpecificCharacterSet="ISO_IR 192")
    dataset.PatientName, dataset.SeriesDescription = "Müller^Jörg", "Schädel axial"
    (tmp_path / "a").write_bytes(to_bytes(dataset))
    (series,) = find(tmp_path).series
    assert (series.patient_name, series.description) == ("Müller^Jörg", "Schädel axial")


def test_every_file_is_in_exactly_one_place(shared_data: Path) -> None:
    with open_source(shared_data / "dicom") as source:
        names = [file.relative for file in source.files()]
        found = find_series(source)
    listed = [i.file.relative for series in found.series for i in series.instances]
    assert sorted(listed + [item.file for item in found.set_aside]) == sorted(names)
    assert reasons(found)["LICENSE"] == "not a DICOM file"
    assert "cut short" in reasons(found)["emri_small_jpeg_2k_lossless_too_short.dcm"]
