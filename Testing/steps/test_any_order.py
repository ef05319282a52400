"""The same bytes, whatever the order of files and number of workers; another key shares nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from Clinic2CloudLib.cases.sitekey import load_key
from Clinic2CloudLib.steps.deidentify import DeidentifyResult, deidentify
from Clinic2CloudLib.steps.site import open_site

PATIENTS, SERIES, SLICES = 2, 2, 3


def write_source(folder: Path) -> list[Path]:
    """Four small series of two patients, that no face can be in; they refer to each other."""
    folder.mkdir()
    files = []
    for patient in range(PATIENTS):
        for series in range(SERIES):
            for number in range(SLICES):
                ds = Dataset()
                root = f"1.2.826.0.1.{patient + 5}"
                ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
                ds.SOPInstanceUID = f"{root}.3.{series}.{number}"
                ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{root}.1", f"{root}.2.{series}"
                ds.FrameOfReferenceUID = f"{root}.4"
                ds.PatientName, ds.PatientID = f"Quimby{patient}^Fred", f"QX47110{patient}"
                ds.StudyDate, ds.StudyTime = "20240229", f"0001{number:02d}"
                ds.Modality, ds.BodyPartExamined = "MR", "KNEE"
                ds.StudyDescription = f"MR knee Quimby{patient}"
                ds.ImageType = ["ORIGINAL", "PRIMARY"]
                ds.InstanceNumber = number + 1
                ds.PixelSpacing, ds.SliceThickness = [1, 1], "1"
                ds.ImagePositionPatient = [0, 0, number]
                ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
                ds.Rows = ds.Columns = 16
                ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
                ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
                ds.PixelRepresentation = 0
                ds.PixelData = bytes((series + number + i) % 7 * (i % 2 == 0) for i in range(512))
                other = Dataset()
                other.ReferencedSOPClassUID = ds.SOPClassUID
                other.ReferencedSOPInstanceUID = f"{root}.3.{1 - series}.{number}"
                ds.ReferencedImageSequence = [other]
                ds.file_meta = FileMetaDataset()
                ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
                files.append(folder / f"{patient}{series}{number}.dcm")
                ds.save_as(files[-1], enforce_file_format=True)
    return files


def run(source: Path, out: Path, home: Path, workers: int) -> DeidentifyResult:
    load_key(None)
    site = open_site(out, crosswalk=home / f"{out.name}.c2c")
    result = deidentify(source, out, site, workers=workers)
    assert not result.set_aside
    assert len(result.series) == PATIENTS * SERIES
    return result


def content(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def uids(out: Path) -> set[str]:
    found = set()
    for path in out.rglob("*.dcm"):
        for element in pydicom.dcmread(path).iterall():
            if element.VR == "UI" and not str(element.value).startswith("1.2.840.10008."):
                found.add(str(element.value))
    return found


@pytest.fixture
def home(own_home: Path) -> Path:
    return own_home


def test_order_and_number_of_workers_change_no_byte(tmp_path: Path, home: Path) -> None:
    files = write_source(tmp_path / "source")
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for number, path in enumerate(reversed(files)):  # other names, and so another order
        shutil.copy(path, renamed / f"{number:02d}.dcm")
    run(tmp_path / "source", tmp_path / "one", home, 1)
    run(renamed, tmp_path / "two", home, 2)
    first, second = content(tmp_path / "one"), content(tmp_path / "two")
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    assert sum(name.endswith(".dcm") for name in first) == len(files)
    assert b"Quimby" not in b"".join(first.values())


def test_another_key_shares_no_uid_and_no_pseudonym(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_source(tmp_path / "source")
    run(tmp_path / "source", tmp_path / "one", home, 1)
    elsewhere = tmp_path / "another clinic"
    elsewhere.mkdir()
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(elsewhere))
    run(tmp_path / "source", tmp_path / "other", elsewhere, 1)
    ours, theirs = uids(tmp_path / "one"), uids(tmp_path / "other")
    assert len(ours) == len(theirs) > PATIENTS * SERIES * SLICES
    assert ours.isdisjoint(theirs)
    patients = [{str(pydicom.dcmread(p).PatientID) for p in (tmp_path / name).rglob("*.dcm")}
                for name in ("one", "other")]  # fmt: skip
    assert len(patients[0]) == len(patients[1]) == PATIENTS
    assert patients[0].isdisjoint(patients[1])
    assert {p.name for p in (tmp_path / "one").iterdir()}.isdisjoint(
        p.name for p in (tmp_path / "other").iterdir()
    )
