"""What killed and repeated runs leave: no pictures of a face, and no approval replaced unasked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from Clinic2CloudLib import atomic
from Clinic2CloudLib.cases.policy import load_policy
from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.steps.check import checker
from Clinic2CloudLib.steps.decide import decide
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.site import open_site


def test_a_killed_run_s_half_made_case_is_gone_with_the_next_run(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from Clinic2CloudLib import atomic\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "(out / 'case-old').mkdir(); (out / 'case-old' / 'x').write_text('old')\n"
        "making = atomic.scratch_folder(out / 'case-1'); scratch = making.__enter__()\n"
        "(scratch / 'before_front.png').write_text('a face')\n"
        "(out / 'case-old').rename(out / f'.case-old.{atomic._token()}.old')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert len(list(tmp_path.iterdir())) == 2
    atomic.clear_abandoned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["case-old"]
    assert (tmp_path / "case-old" / "x").read_text() == "old"


def test_a_run_that_is_still_at_work_is_left_alone(tmp_path: Path) -> None:
    with atomic.scratch_folder(tmp_path / "case-1") as scratch:
        assert str(os.getpid()) in scratch.name
        atomic.clear_abandoned(tmp_path)
        assert scratch.is_dir()


def test_an_approved_case_is_not_replaced_by_another_of_the_same_series(
    tmp_path: Path, own_home: Path
) -> None:
    head = write_head_series(tmp_path / "head", size="small")
    out = tmp_path / "out"
    case = deidentify(head, out, open_site(out)).series[0].case
    assert case is not None
    decide(case.folder, approve=True, reviewer="A", verifier=checker())
    again = deidentify(head, out, open_site(out))
    assert again.series[0].case is not None
    assert again.series[0].case.state == "approved"
    other = deidentify(head, out, open_site(out, policy=load_policy("strict")))
    assert other.series == []
    assert "approved case" in other.set_aside[0].reason


def test_which_of_two_versions_stays_does_not_depend_on_their_names(tmp_path: Path) -> None:
    from Clinic2CloudLib.dicom.series import find_series
    from Clinic2CloudLib.dicom.source import open_source

    head = write_head_series(tmp_path / "head", size="small")
    one = sorted(head.iterdir())[0].read_bytes()
    other = one[:-1] + bytes([one[-1] ^ 1])
    kept = set()
    for number, (first, second) in enumerate([(one, other), (other, one)]):
        folder = tmp_path / f"source{number}"
        folder.mkdir()
        (folder / "a.dcm").write_bytes(first)
        (folder / "b.dcm").write_bytes(second)
        with open_source(folder) as source:
            listing = find_series(source)
            kept.add(listing.series[0].instances[0].file.read())
        assert len(listing.set_aside) == 1
    assert len(kept) == 1
