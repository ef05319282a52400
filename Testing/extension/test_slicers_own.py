"""The tests that run inside Slicer also run in the stand-in, so that they do not go stale."""

from __future__ import annotations

import importlib.util
import unittest
from collections.abc import Iterator
from pathlib import Path

import pytest

from Testing import standin

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = REPOSITORY / "Clinic2Cloud" / "Clinic2Cloud.py"
FOLDER = MODULE.parent / "Testing" / "Python"


@pytest.fixture
def module() -> Iterator[None]:
    """The panel's module loaded in the stand-in host."""
    if standin.missing():
        pytest.skip(standin.missing())
    standin.install()
    standin.load_module(MODULE)
    yield
    standin.unload_module("Clinic2Cloud")
    assert standin.slot_errors == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
def test_a_test_for_slicer_passes(path: Path, module: None) -> None:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    result = unittest.TestResult()
    suite = unittest.defaultTestLoader.loadTestsFromModule(loaded)
    suite.run(result)
    assert result.testsRun == suite.countTestCases() > 0
    assert [text for _, text in result.failures + result.errors] == []
    assert result.skipped == []


@pytest.mark.slow
def test_the_modules_self_test_passes(module: None) -> None:
    import slicer

    slicer.selfTests["Clinic2Cloud"]()
    assert any("passed" in message.text for message in standin.dialogs.shown)


def test_cmake_registers_every_test_for_slicer() -> None:
    listed = (FOLDER / "CMakeLists.txt").read_text(encoding="utf-8")
    missing = [p.name for p in FOLDER.glob("test_*.py") if f"SCRIPT {p.name}" not in listed]
    assert missing == []
