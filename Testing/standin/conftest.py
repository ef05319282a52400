"""The stand-in, fresh for each test of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from Testing import standin

LACKING = standin.missing()


@pytest.fixture
def slicer() -> Iterator[Any]:
    """Slicer's stand-in with an empty scene; a fault that nobody caught fails the test."""
    if LACKING:
        pytest.skip(LACKING)
    yield standin.install()
    standin.process_events()
    assert standin.slot_errors == []


@pytest.fixture
def sample(slicer: Any) -> Iterator[Any]:
    """The widget of the sample module, left and cleaned up at the end."""
    yield standin.load_module(Path(__file__).parent / "sample" / "Sample.py")
    standin.unload_module("Sample")


@pytest.fixture(scope="session")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small DICOM series that the repository makes itself."""
    from Clinic2CloudLib.demo.head import write_head_series

    return write_head_series(tmp_path_factory.mktemp("dicom"), size="small")
