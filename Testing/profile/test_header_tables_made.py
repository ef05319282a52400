"""The tables are what the script makes of the published ones; engines travel between processes."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path

import pytest
from profilemaker import MR, encode, engine, make

from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.dicom.profile import tables
from Clinic2CloudLib.dicom.profile.actions import Action, resolve

ROOT = Path(__file__).resolve().parents[2]


def test_the_script_makes_the_same_tables_again(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ROOT / "tools" / "make_profile_tables.py"
    spec = importlib.util.spec_from_file_location("make_profile_tables", file)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "TARGET", tmp_path)
    script.main(shared_data.parent / "reference")
    ours = ROOT / "Clinic2CloudLib" / "dicom" / "profile" / "tables" / "profile.json"
    assert (tmp_path / "profile.json").read_bytes() == ours.read_bytes()


@pytest.mark.parametrize(
    "code, kind, action",
    [
        ("X/Z/D", "3", Action.REMOVE),
        ("X/Z/D", "2C", Action.EMPTY),
        ("X/Z/D", "1", Action.DUMMY),
        ("X/D", "2", Action.DUMMY),
        ("Z/D", "2", Action.EMPTY),
        ("Z/D", "1C", Action.DUMMY),
        ("X/Z", "2", Action.EMPTY),
        ("X/Z/U*", "3", Action.REMOVE),
        ("X/Z/U*", "1", Action.UID),
        ("X", "3", Action.REMOVE),
        ("X", "1", Action.DUMMY),
        ("X/Z/D", None, Action.DUMMY),
        ("X", None, Action.REMOVE),
    ],
)
def test_a_compound_action_follows_the_type(code: str, kind: str | None, action: Action) -> None:
    assert resolve(code, kind) is action


def test_the_types_come_from_the_instance_s_own_iod() -> None:
    content_date = 0x00080023
    image, report = (
        tables.attribute_types(MR),
        tables.attribute_types("1.2.840.10008.5.1.4.1.1.11.1"),
    )
    assert image is not None and image[()][content_date] == "2C"
    enhanced = tables.attribute_types("1.2.840.10008.5.1.4.1.1.4.1")
    assert enhanced is not None and enhanced[()][content_date] == "1"
    assert report is not None and report[()][0x00700082] == "1"  # Presentation Creation Date
    assert tables.attribute_types("1.2.3") is None


def test_an_engine_and_its_results_can_be_sent_to_another_process() -> None:
    header = engine(DescriptorCleaner(), retain_modified_dates=True)
    raw = encode(make())
    result = header.deidentify(raw)
    again = pickle.loads(pickle.dumps(header)).deidentify(raw)
    assert again == result == pickle.loads(pickle.dumps(result))
