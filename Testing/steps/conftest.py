"""A small head taken through the de-identify step once, for all tests of what came out."""

from __future__ import annotations

import pytest
from stepmaker import Made

from Clinic2CloudLib.cases.sitekey import load_key
from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.site import open_site


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    source = write_head_series(folder / "source", size="standard")
    out = folder / "out"
    key = folder / "secrets" / "site.key"
    key.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINIC2CLOUD_HOME", str(key.parent))
        load_key(None)
        site = open_site(out, crosswalk=key.parent / "crosswalk.c2c")
    result = deidentify(source, out, site)
    assert not result.set_aside
    case = result.series[0].case
    assert case is not None
    return Made(source, out, case, site)
