"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public test images, which stay outside the repository."""
    named = os.environ.get("CLINIC2CLOUD_TEST_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (folder / "dicom").is_dir():
        pytest.skip(
            "the shared test images are not here: set CLINIC2CLOUD_TEST_DATA to their folder"
        )
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home for key, crosswalk and outbox, so that no test touches the user's own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(folder))
    return folder
