"""A running server for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from servermaker import PIPELINES, TOKEN, Web

from Clinic2CloudLib.cloud.server import serving


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the slow pipeline leaves its traces and waits for ``go``."""
    folder = tmp_path / "gate"
    folder.mkdir()
    monkeypatch.setenv("C2C_TEST_GATE", str(folder))
    return folder


@pytest.fixture
def web(tmp_path: Path, gate: Path) -> Iterator[Web]:
    """A client of a server of this process, on a free port."""
    with serving(tmp_path / "data", token=TOKEN, pipelines=PIPELINES) as running:
        yield Web(running.base_url)
