"""What a user gets for a head: nobody's name, nobody's face, and every other value as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from stepmaker import Made

from Clinic2CloudLib.cases.case import load_case
from Clinic2CloudLib.deface import default_finder
from Clinic2CloudLib.demo.head import invented_identifiers, make_head, write_head_series
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.dicom.volume import read_volumes
from Clinic2CloudLib.errors import InputError, OutputError
from Clinic2CloudLib.steps.check import check_case
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.site import Site, open_site


def volume_of(folder: Path) -> Volume:
    with open_source(folder) as source:
        return read_volumes(find_series(source).series[0]).volumes[0]


def all_bytes(folder: Path) -> bytes:
    return b"\n".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def test_the_face_was_found_and_replaced(made: Made) -> None:
    face = made.case.face
    assert face is not None
    assert face["status"] == "found"
    assert face["voxels"] > 0
    assert face["finder"] == default_finder().name


def test_nothing_of_the_patient_is_in_any_byte_of_the_case(made: Made) -> None:
    content = all_bytes(made.out).lower()
    names = " ".join(str(p.relative_to(made.out)) for p in made.out.rglob("*")).lower()
    for token in invented_identifiers():
        for form in (token.encode("utf-8"), token.encode("latin-1", "replace")):
            assert form.lower() not in content, token
        assert token.lower() not in names


def test_no_original_uid_is_left(made: Made) -> None:
    content = all_bytes(made.out)
    for path in made.source.iterdir():
        header = pydicom.dcmread(path, stop_before_pixels=True)
        for name in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
            assert header[name].value.encode() not in content


def test_geometry_is_the_same_and_values_change_only_where_the_face_was(made: Made) -> None:
    before, after = volume_of(made.source), volume_of(made.case.folder / "instances")
    assert np.array_equal(before.ijk_to_lps, after.ijk_to_lps)
    assert before.stored.dtype == after.stored.dtype
    changed = before.stored != after.stored
    face = made.case.face
    assert face is not None
    assert 0 < changed.sum() <= face["voxels"]
    assert not (changed & brain_on(before)).any()


def brain_on(volume: Volume) -> np.ndarray:
    """The synthetic head's true brain on the grid of the volume that was read back."""
    head = make_head(size="standard")
    k, j, i = np.nonzero(head.brain)
    ras = head.ijk_to_ras @ np.stack([i, j, k, np.ones_like(i)])
    x, y, z, _ = np.rint(np.linalg.inv(volume.ijk_to_ras) @ ras).astype(int)
    brain = np.zeros(volume.stored.shape, bool)
    brain[z, y, x] = True
    assert brain.sum() == head.brain.sum() > 100_000
    return brain


def test_what_describes_the_pixels_is_kept(made: Made) -> None:
    kept = (
        "Rows",
        "Columns",
        "BitsStored",
        "PixelRepresentation",
        "PhotometricInterpretation",
        "PixelSpacing",
        "ImageOrientationPatient",
        "RepetitionTime",
        "EchoTime",
    )
    original = pydicom.dcmread(next(made.source.iterdir()), stop_before_pixels=True)
    for item in made.case.instances:
        new = pydicom.dcmread(made.case.path_of(item), stop_before_pixels=True)
        for name in kept:
            assert new[name].value == original[name].value


def test_the_markers_say_what_ran(made: Made) -> None:
    new = pydicom.dcmread(made.case.path_of(made.case.instances[0]), stop_before_pixels=True)
    codes = {item.CodeValue for item in new.DeidentificationMethodCodeSequence}
    assert new.PatientIdentityRemoved == "YES"
    assert {"113100", "113102", "113105", "113107"} <= codes
    assert new.RecognizableVisualFeatures == "NO"
    assert new.LongitudinalTemporalInformationModified == "MODIFIED"


def test_the_same_again_adds_nothing_and_another_order_gives_the_same_bytes(
    made: Made, tmp_path: Path
) -> None:
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    files = sorted(made.source.iterdir())
    for number, path in enumerate(reversed(files)):
        (shuffled / f"x{number:04d}").write_bytes(path.read_bytes())
    result = deidentify(shuffled, tmp_path / "out", made.site)
    again = result.series[0].case
    assert again is not None
    assert again.digest == made.case.digest
    record = (again.folder / "case.json").read_bytes()
    assert record == (made.case.folder / "case.json").read_bytes()


def test_another_key_shares_nothing(made: Made, tmp_path: Path) -> None:
    small = write_head_series(tmp_path / "small", size="small")
    cases = []
    for name in ("one", "two"):
        site = Site(made.site.policy, name.encode() * 16, tmp_path / f"{name}.c2c")
        case = deidentify(small, tmp_path / name, site).series[0].case
        assert case is not None
        cases.append(case)
    uids = [
        {c.series_uid, c.study_uid, c.patient_id} | {i.sop_instance_uid for i in c.instances}
        for c in cases
    ]
    assert not uids[0] & uids[1]


def test_the_second_reader_finds_nothing_wrong(made: Made) -> None:
    key_folder = made.site.crosswalk_path.parent
    case = check_case(
        made.case.folder, key=key_folder / "site.key", crosswalk=made.site.crosswalk_path
    )
    assert case.verification is not None
    assert case.verification["findings"] == []
    assert len(case.verification["checks"]) > 5
    assert load_case(made.case.folder).state == "verified"


def test_a_series_chosen_by_uid_and_one_that_is_not_there(made: Made, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no series of that UID"):
        deidentify(made.source, tmp_path / "out", made.site, series=["1.2.3"])


def test_a_cancelled_run_leaves_nothing(made: Made, tmp_path: Path) -> None:
    from Clinic2CloudLib.errors import Cancelled

    for stop in (0.05, 0.2, 0.7, 0.9):

        def progress(fraction: float, message: str, stop: float = stop) -> None:
            if fraction > stop:
                raise Cancelled("enough")

        small = tmp_path / "small"
        if not small.exists():
            write_head_series(small, size="small")
        with pytest.raises(Cancelled):
            deidentify(small, tmp_path / "out", made.site, progress=progress)
        left = list((tmp_path / "out").iterdir()) if (tmp_path / "out").exists() else []
        assert left == []


def test_an_output_with_a_strangers_file_is_refused(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="other files"):
        deidentify(made.source, out, made.site)


def test_a_crosswalk_in_the_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        open_site(tmp_path, crosswalk=tmp_path / "sub" / "crosswalk.c2c")
