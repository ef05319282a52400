"""A series of several volumes: each is seen beside its own original."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.errors import InputError
from Clinic2CloudLib.steps.compare import compare
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.site import open_site
from Testing.twoechoes import write_two_echoes


def test_each_echo_is_seen_beside_its_own_original(tmp_path: Path, own_home: Path) -> None:
    head = write_head_series(tmp_path / "head", size="small")
    source = write_two_echoes(head, tmp_path / "source")
    made = deidentify(source, tmp_path / "cases", open_site(tmp_path / "cases"))
    case = made.series[0].case
    assert case is not None, made.set_aside
    brightest = set()
    for number in (0, 1):
        seen = compare(case.folder, source, number=number)
        assert (seen.number, seen.volumes, seen.missing) == (number, 2, "")
        assert seen.before is not None and seen.after is not None
        before, after = seen.before.stored, seen.after.stored
        tissue = before > np.percentile(before, 60)
        assert (before == after)[tissue].mean() > 0.6, "another echo's original"
        assert seen.changed is not None and seen.changed.any(), "the face is in both"
        brightest.add(int(before.max()))
    assert len(brightest) == 2
    with pytest.raises(InputError, match="has 2 volumes"):
        compare(case.folder, source, number=2)
