"""The verdict on what the networks drew: each way of failing has its own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from Clinic2CloudLib.deface.network.evidence import Evidence, judge

SOUND = Evidence(
    size=1.02, shape=0.05, residual=6.0, correction=2.0, agreement=0.93, clear=0.95, there=1.0,
    seen=1.0, balance=0.95, brain=1.0,
)  # fmt: skip


def test_a_sound_head_is_found_with_confidence() -> None:
    status, confidence, reasons = judge(SOUND)
    assert status == "found"
    assert confidence > 0.95
    assert "overlap by 93 %" in reasons[0]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"size": 0.3}, "no_head", "size of a head"),
        ({"shape": 0.8}, "no_head", "proportions"),
        ({"residual": 40.0}, "no_head", "do not lie as in a head"),
        ({"there": 0.02, "brain": 1.4}, "no_head", "neither a face"),
        ({"brain": 0.2}, "uncertain", "brain has 20 %"),
        ({"clear": 0.4}, "no_head", "clearly like a head"),
        ({"there": 0.02}, "already_removed", "average face's volume"),
        ({"seen": 0.0, "there": 0.0, "agreement": 0.0}, "no_face", "without a face"),
        ({"size": 0.7}, "uncertain", "unusual"),
        ({"correction": 20.0}, "uncertain", "unusual places"),
        ({"clear": 0.7}, "uncertain", "unsure"),
        ({"agreement": 0.5}, "uncertain", "overlap by 50 % only"),
        ({"there": 2.5}, "uncertain", "volume expected"),
        ({"balance": 0.2}, "uncertain", "One half"),
    ],
)
def test_every_defect_is_named(change: dict[str, Any], status: str, words: str) -> None:
    found, confidence, reasons = judge(replace(SOUND, **change))
    assert found == status
    assert words in " ".join(reasons)
    assert 0.0 <= confidence <= 1.0


def test_doubt_halves_the_confidence() -> None:
    assert judge(replace(SOUND, correction=20.0))[1] <= 0.5
