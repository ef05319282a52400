"""An approval bears the seal of the site's key: one that was written in by hand does not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from test_case import approve, make_case, verified

from Clinic2CloudLib import paths
from Clinic2CloudLib.cases.case import (
    Case,
    facts_text,
    load_case,
    require_approved,
    save_case,
    set_state,
)
from Clinic2CloudLib.cases.review import review_case
from Clinic2CloudLib.cases.seal import sealed
from Clinic2CloudLib.cases.sitekey import key_text, load_key
from Clinic2CloudLib.errors import InputError, NotApprovedError

OTHER = bytes(range(100, 132))


def forged(folder: Path, key: bytes | None = None) -> Case:
    """An approval as somebody writes it in who knows this code, and perhaps another key."""
    case = load_case(folder)
    review = {"decision": "approved", "reviewer": "Dr. A", "note": "", "at": "2026-01-01"}
    review = sealed(facts_text(case), review | {"digest": case.digest}, key)
    case = dataclasses.replace(case, state="approved", review=review)
    save_case(case)
    return case


@pytest.mark.parametrize("key", [None, OTHER])
def test_a_forged_approval_is_refused(tmp_path: Path, key: bytes | None) -> None:
    load_key()
    make_case(tmp_path / "case-1")
    forged(tmp_path / "case-1", key)
    with pytest.raises(NotApprovedError, match="seal of this site's key"):
        require_approved(tmp_path / "case-1")


def test_a_rejection_cannot_be_turned_into_an_approval(tmp_path: Path) -> None:
    load_key()
    folder = tmp_path / "case-1"
    make_case(folder)
    review_case(folder, approve=False, reviewer="Dr. B", verifier=verified)
    case = load_case(folder)
    turned = sealed(facts_text(case), {**(case.review or {}), "decision": "approved"}, None)
    turned["keyed_seal"] = (case.review or {})["keyed_seal"]
    save_case(dataclasses.replace(case, state="approved", review=turned))
    with pytest.raises(NotApprovedError, match="seal of this site's key"):
        require_approved(folder)


def test_each_changed_word_breaks_the_keyed_seal_too(tmp_path: Path) -> None:
    load_key()
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    good = load_case(folder)
    assert require_approved(folder).review == good.review
    for facts in ({"software": "x"}, {"not_claimed": ("x",)}, {"preview": None}):
        changed = dataclasses.replace(good, **facts)
        # Whoever changes the record makes the open seal fit again; the keyed one stays behind.
        review = sealed(facts_text(changed), good.review or {}, None)
        review["keyed_seal"] = (good.review or {})["keyed_seal"]
        save_case(dataclasses.replace(changed, review=review))
        with pytest.raises(NotApprovedError, match="seal of this site's key"):
            require_approved(folder)


@pytest.mark.parametrize("value", [None, 7, "", "0" * 64, ["x"]])
def test_a_seal_of_another_kind_is_no_seal(tmp_path: Path, value: object) -> None:
    load_key()
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    record = json.loads((folder / "case.json").read_text("utf-8"))
    for name in ("keyed_seal", "seal"):
        changed = record | {"review": record["review"] | {name: value}}
        (folder / "case.json").write_text(json.dumps(changed), "utf-8")
        with pytest.raises(NotApprovedError):
            require_approved(folder)


def test_a_key_of_its_own_has_to_be_named_again(tmp_path: Path) -> None:
    load_key()
    key = tmp_path / "study.key"
    key.write_text(key_text(OTHER))
    key.chmod(0o600)
    folder = tmp_path / "case-1"
    make_case(folder)
    review_case(folder, approve=True, reviewer="Dr. A", verifier=verified, key=key)
    assert require_approved(folder, key).state == "approved"
    with pytest.raises(NotApprovedError, match="name the key that was used"):
        require_approved(folder)
    with pytest.raises(InputError, match=r"no key at study\.kye"):
        require_approved(folder, tmp_path / "study.kye")


def test_where_no_key_is_at_hand_changes_are_found_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    assert not paths.site_key().exists()
    assert require_approved(folder).state == "approved"
    save_case(dataclasses.replace(load_case(folder), description="other"))
    with pytest.raises(NotApprovedError, match="changed after it was approved"):
        require_approved(folder)


def test_an_approval_of_an_older_version_opens_and_is_given_again(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)  # no key at hand: the same record as an older version wrote
    load_key()
    assert load_case(folder).state == "approved"
    with pytest.raises(NotApprovedError, match="review it again"):
        require_approved(folder)
    approve(folder)
    assert require_approved(folder).state == "approved"


def test_one_that_was_sent_already_stays_sent_when_it_is_sealed_anew(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    set_state(folder, "queued")
    set_state(folder, "uploaded", destination="https://cloud")
    load_key()
    with pytest.raises(NotApprovedError, match="review it again"):
        require_approved(folder)
    approve(folder)
    assert require_approved(folder).state == "uploaded"
    with pytest.raises(NotApprovedError, match="its approval stands"):
        approve(folder)


def test_the_seal_is_no_digest_that_could_be_looked_up(tmp_path: Path) -> None:
    """Two sites that approve the same record in the same second seal it differently."""
    case = make_case(tmp_path / "case-1")
    review = {"decision": "approved", "reviewer": "Dr. A", "at": "2026-01-01T00:00:00+00:00"}
    one, two = (sealed(facts_text(case), review, bytes([n]) * 32) for n in (1, 2))
    assert one["seal"] == two["seal"]
    assert one["keyed_seal"] != two["keyed_seal"]
