"""What binds a review to all the reviewer was shown, and to the site whose key sealed it.

Two values stand in a review. ``seal`` is a SHA-256: with it anybody finds that something changed,
and anybody can compute it. ``keyed_seal`` is an HMAC-SHA256 (RFC 2104) of the same text with a key
derived from the site's: where that key is at hand, an approval that was written in by hand is told
from one that the program recorded. An older copy of a whole ``case.json`` bears good seals too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

SEAL, KEYED_SEAL = "seal", "keyed_seal"

# The site's key serves other ends too; a label of its own keeps what is made for them apart.
_PURPOSE = b"Clinic2Cloud/1/review"


def sealed(facts: str, review: Mapping[str, Any], key: bytes | None) -> dict[str, Any]:
    """Return a review with its seals.

    Parameters
    ----------
    facts : str
        All of the case that never changes, as :func:`.case.facts_text` gives it.
    review : mapping
        The decision in the reviewer's words.
    key : bytes, optional
        The site's key. Without it the keyed seal is left out.
    """
    marks = {SEAL: _seal(facts, review)}
    if key is not None:
        marks[KEYED_SEAL] = _keyed_seal(facts, review, key)
    return {**_said(review), **marks}


def is_unchanged(facts: str, review: Mapping[str, Any]) -> bool:
    """Tell whether case and review are what they were when the decision was taken."""
    return _same(review.get(SEAL), _seal(facts, review))


def is_authentic(facts: str, review: Mapping[str, Any], key: bytes) -> bool:
    """Tell whether the review was sealed by somebody who has the site's key."""
    return _same(review.get(KEYED_SEAL), _keyed_seal(facts, review, key))


def _seal(facts: str, review: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(facts, review)).hexdigest()


def _keyed_seal(facts: str, review: Mapping[str, Any], key: bytes) -> str:
    own = hmac.digest(key, _PURPOSE, "sha256")
    return hmac.digest(own, _text(facts, review), "sha256").hex()


def _text(facts: str, review: Mapping[str, Any]) -> bytes:
    said = json.dumps(_said(review), sort_keys=True, ensure_ascii=False)
    return f"{facts}\n{said}".encode()


def _said(review: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in review.items() if name not in (SEAL, KEYED_SEAL)}


def _same(found: object, expected: str) -> bool:
    """Compare in a time that does not tell how much was right; anything else is not the same."""
    return isinstance(found, str) and hmac.compare_digest(found.encode(), expected.encode())
