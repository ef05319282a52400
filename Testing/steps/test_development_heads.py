"""The whole way on real heads: nothing of the patient in any byte, nothing changed but the face."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from Clinic2CloudLib.cases.case import Case
from Clinic2CloudLib.cases.policy import load_policy
from Clinic2CloudLib.steps.check import check_case
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.demo import run_demo
from Clinic2CloudLib.steps.site import open_site

HEADS = (
    "mr_dicom/adi_T1",
    "mr_dicom/ctk_mrhead",
    "mr_dicom/adi_T2",
    "ct_dicom/slicer_cthead",
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=HEADS)
def head(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Case, str]]:
    """A real head's folder, the case it became, and which it is."""
    source = shared_data / "heads" / "dev" / request.param
    folder = tmp_path_factory.mktemp(source.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINIC2CLOUD_HOME", str(folder / "home"))
        result = deidentify(source, folder / "out", open_site(folder / "out"))
        assert not result.set_aside
        case = result.series[0].case
        assert case is not None
        case = check_case(case.folder)
    yield source, case, request.param


def identifying_values(source: Path) -> set[str]:
    """What the source's headers say that nobody may read in the output."""
    found = set()
    for path in sorted(source.iterdir()):
        for element in pydicom.dcmread(path, stop_before_pixels=True).iterall():
            values = element.value if element.VM > 1 else [element.value]
            for value in values if element.VR != "SQ" else ():
                text = str(value).strip()
                own_uid = element.VR == "UI" and not text.startswith("1.2.840.10008")
                if own_uid or (element.VR == "DA" and len(text) == 8):
                    found.add(text)
                elif element.VR == "PN" or element.keyword in (
                    "PatientID",
                    "InstitutionName",
                    "InstitutionAddress",
                    "StationName",
                    "DeviceSerialNumber",
                    "AccessionNumber",
                ):
                    found.update(part for part in re.split(r"[\^=\s]+", text) if len(part) > 3)
    return found


def test_no_byte_of_the_output_names_the_patient(head: tuple[Path, Case, str]) -> None:
    source, case, _ = head
    tokens = identifying_values(source)
    assert len(tokens) > 5
    # A number is somebody's only as a whole: its digits may stand in a longer one by chance.
    pattern = re.compile(
        b"|".join(
            rb"(?<!\d)%s(?!\d)" % t.encode() if t.isdigit() else re.escape(t.lower().encode())
            for t in sorted(tokens)
        )
    )
    for path in sorted(case.folder.rglob("*")):
        if path.is_file():
            assert not pattern.search(path.read_bytes().lower()), path.name


def test_the_second_reader_agrees(head: tuple[Path, Case, str]) -> None:
    _, case, _ = head
    assert case.verification is not None
    assert case.verification["findings"] == []
    assert case.state == "verified"


def test_the_face_was_found(head: tuple[Path, Case, str]) -> None:
    _, case, _ = head
    assert case.face is not None
    assert case.face["status"] == "found"
    assert case.needs_review == ()


def sorted_slices(folder: Path) -> list[pydicom.Dataset]:
    slices = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    normal = np.cross(*np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3))
    return sorted(slices, key=lambda s: float(normal @ np.array(s.ImagePositionPatient, float)))


def test_only_stored_values_inside_the_reported_mask_changed(head: tuple[Path, Case, str]) -> None:
    source, case, _ = head
    assert case.preview is not None
    mask = sitk.GetArrayFromImage(
        sitk.ReadImage(str(case.folder / case.preview["face_masks"][0]))
    ).astype(bool)
    before, after = sorted_slices(source), sorted_slices(case.folder / "instances")
    assert len(before) == len(after) == len(mask)
    changed = 0
    for k, (one, other) in enumerate(zip(before, after, strict=True)):
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            assert one[name].value == other[name].value
        for name in ("BitsStored", "PixelRepresentation", "PhotometricInterpretation"):
            assert one[name].value == other[name].value
        differs = one.pixel_array != other.pixel_array
        assert not (differs & ~mask[k]).any()
        changed += int(differs.sum())
    assert changed > 1000


def test_simpleitk_reads_the_same_geometry(head: tuple[Path, Case, str]) -> None:
    source, case, _ = head

    def read(folder: Path) -> sitk.Image:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        return reader.Execute()

    one, other = read(source), read(case.folder / "instances")
    assert one.GetSize() == other.GetSize()
    assert one.GetSpacing() == other.GetSpacing()
    assert one.GetOrigin() == other.GetOrigin()
    assert one.GetDirection() == other.GetDirection()


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy (dicom3tools) is not installed")
def test_dciodvfy_has_nothing_new_to_say(head: tuple[Path, Case, str]) -> None:
    source, case, _ = head

    def errors(folder: Path) -> int:
        paths = sorted(folder.iterdir())[::10]
        count = 0
        for path in paths:
            said = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False)
            count += sum(line.startswith(b"Error") for line in said.stderr.splitlines())
        return count

    assert errors(case.folder / "instances") <= errors(source)


def test_the_demo_goes_the_whole_way(shared_data: Path, tmp_path: Path, own_home: Path) -> None:
    result = run_demo(
        tmp_path / "demo", shared_data / "heads" / "dev" / HEADS[0], load_policy(None)
    )
    assert result.held == []
    assert [item.job.state for item in result.sent if item.job] == ["done"]
    rows = next(iter(result.measured.values()))
    volumes = {row.name: float(row.value) for row in rows if row.unit == "mL"}
    assert 900 < volumes["Intracranial volume"] < 2000
