"""A policy does what it says, and refuses what it does not understand."""

from __future__ import annotations

from pathlib import Path

import pytest

from Clinic2CloudLib.cases.policy import READY, load_policy, with_keep
from Clinic2CloudLib.errors import InputError


@pytest.mark.parametrize("name", READY)
def test_ready_policies_load_under_their_own_name(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.description


def test_research_moves_dates_and_keep_dates_keeps_them() -> None:
    assert load_policy("research").headers.retain_modified_dates
    kept = load_policy("keep-dates").headers
    assert kept.retain_full_dates and not kept.retain_modified_dates


def test_strict_has_no_option_and_deletes_pictures_of_the_face() -> None:
    strict = load_policy("strict")
    assert not strict.keep_before
    switches = [v for v in vars(strict.headers).values() if isinstance(v, bool)]
    assert switches and not any(switches)


def test_default_is_research() -> None:
    assert load_policy() == load_policy("research")


def test_a_site_policy_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        'name = "site"\n[headers]\nretain_device = true\nkeep = ["age", "PatientWeight"]\n'
        '[pseudonyms]\npatient_prefix = "SITE7"\n[face]\nmethod = "remove"\n'
    )
    policy = load_policy(path)
    assert policy.headers.retain_device
    assert policy.headers.keep == {"PatientAge", "PatientWeight"}
    assert policy.face == "remove"
    assert policy.patient_prefix == "SITE7"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "x"\n[headers]\nretain_devices = true\n', "retain_devices"),
        ('name = "x"\n[headers]\nretain_device = "yes"\n', "true or false"),
        ('name = "x"\n[face]\nmethod = "blur"\n', "method"),
        ('name = "x"\nfaces = 1\n', "faces"),
        ('name = "x"\n[headers]\nkeep = ["shoe size"]\n', "shoe size"),
        ("[headers]\n", "name"),
        ("name = \n", "TOML"),
        ('name="x"\n[headers]\nretain_full_dates=true\nretain_modified_dates=true\n', "not both"),
    ],
)
def test_a_policy_with_a_mistake_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_policy(path)
    assert says in str(caught.value)
    assert "site.toml" in str(caught.value)


def test_a_missing_policy_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.toml cannot be read"):
        load_policy(tmp_path / "gone.toml")


def test_keeping_true_dates_ends_their_shift() -> None:
    kept = with_keep(load_policy("research"), ["dates"])
    assert kept.headers.retain_full_dates and not kept.headers.retain_modified_dates
