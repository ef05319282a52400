"""Every file of the public samples becomes a valid de-identified file, or is set aside."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest

from Clinic2CloudLib.dicom.decode import decode_frames
from Clinic2CloudLib.steps.check import check_case
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.site import open_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def dciodvfy_errors(path: Path) -> int:
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False).stderr
    return sum(line.startswith(b"Error") for line in said.splitlines())


def test_each_file_alone_is_deidentified_or_set_aside(shared_data: Path, tmp_path: Path) -> None:
    files = sorted(
        path
        for folder in ("dicom", "text", "wsi/fluorcell_dicom")
        for path in (shared_data / folder).iterdir()
        if path.is_file()
    )
    assert len(files) > 70
    made, aside, problems = 0, {}, []
    for number, path in enumerate(files):
        out = tmp_path / f"out{number}"
        result = deidentify(path, out, open_site(out))
        if not result.series:
            assert len(result.set_aside) == 1, path.name
            assert result.set_aside[0].reason
            assert not out.exists()
            aside[f"{path.parent.name}/{path.name}"] = result.set_aside[0].reason
            continue
        (outcome,) = result.series
        assert outcome.case is not None
        case = check_case(outcome.case.folder)
        if case.verification is None or case.verification["findings"]:
            problems.append((path.name, case.verification))
        (item,) = case.instances
        new = pydicom.dcmread(case.path_of(item))
        assert new.PatientIdentityRemoved == "YES"
        if "PixelData" in new:
            assert decode_frames(case.path_of(item).read_bytes()).size
        if shutil.which("dciodvfy") and dciodvfy_errors(case.path_of(item)) > dciodvfy_errors(path):
            problems.append((path.name, "new dciodvfy errors"))
        made += 1
    print(f"{made} de-identified, {len(aside)} set aside: {aside}")
    assert not problems
    assert made + len(aside) == len(files)
    assert made > 50
