"""Which finder is asked, and that a finding says when it is not the best there is."""

from __future__ import annotations

import pytest
from face_scans import made_head

from Clinic2CloudLib.deface import choose
from Clinic2CloudLib.deface.network import NetworkFinder


def choosing(monkeypatch: pytest.MonkeyPatch, weights: bool, missing: tuple[str, ...]) -> None:
    monkeypatch.setattr(choose, "has_weights", lambda: weights)
    monkeypatch.setattr(choose, "lacking", lambda: missing)


def test_with_weights_and_packages_the_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    choosing(monkeypatch, True, ())
    assert choose.default_finder().name == NetworkFinder.name


def test_without_weights_nothing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    choosing(monkeypatch, False, ("torch",))
    finder = choose.default_finder()
    assert finder.name == choose.AtlasFinder.name
    assert not hasattr(finder, "reason")


def test_without_its_packages_the_classical_finder_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    choosing(monkeypatch, True, ("torch", "monai"))
    volume, _ = made_head("MR")
    finding = choose.default_finder().find(volume)
    assert finding.status == "found"
    assert finding.finder == choose.AtlasFinder.name
    assert finding.reasons[-1] == "The face network was not asked: torch, monai not installed."
