"""What is removed and what is kept: a policy, read from TOML."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ..dicom.profile.options import ProfileOptions
from ..errors import InputError

READY = ("research", "keep-dates", "strict")
FACE_METHODS = ("auto", "reface", "smooth", "remove", "off")
TEXT_METHODS = ("auto", "off")

#: The short words of ``--keep``, and the attributes they stand for.
KEEP_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "age": ("PatientAge",),
    "sex": ("PatientSex",),
    "weight": ("PatientWeight",),
    "size": ("PatientSize",),
    "descriptions": ("StudyDescription", "SeriesDescription", "ProtocolName"),
}

#: The short words of ``--keep`` that switch on a whole option of PS3.15.
KEEP_OPTIONS: Mapping[str, str] = {
    "characteristics": "retain_patient_characteristics",
    "dates": "retain_full_dates",
    "device": "retain_device",
    "institution": "retain_institution",
    "uids": "retain_uids",
    "private": "retain_safe_private",
}


@dataclass(frozen=True)
class Policy:
    """A site's decisions, as a data manager writes them down.

    Attributes
    ----------
    name, description : str
        For the report.
    headers : ProfileOptions
        The Basic Profile's options and the attributes kept by name.
    face : str
        ``auto``, ``reface``, ``smooth``, ``remove`` or ``off``.
    text : str
        ``auto`` or ``off``: burned-in annotation.
    keep_before : bool
        Whether the pictures that show the original face stay in the case after the review.
    patient_prefix, accession_prefix : str
        Put before pseudonyms, so that a site's cases can be told from another's.
    """

    name: str
    description: str = ""
    headers: ProfileOptions = field(default_factory=ProfileOptions)
    face: str = "auto"
    text: str = "auto"
    keep_before: bool = True
    patient_prefix: str = ""
    accession_prefix: str = ""

    def record(self) -> dict[str, Any]:
        """Return the policy as plain values for ``case.json``."""
        plain = dataclasses.asdict(self)
        headers = plain["headers"]
        plain["headers"] = {
            name: sorted(value) if isinstance(value, (set, frozenset)) else value
            for name, value in headers.items()
        }
        return plain


def policy_of_record(record: Mapping[str, Any]) -> Policy:
    """Return the policy that a case was made with, from its ``case.json``.

    Raises
    ------
    InputError
        When this version does not know such a policy.
    """
    try:
        headers = dict(record["headers"])
        headers["keep"] = frozenset(headers["keep"])
        headers["keep_private"] = tuple((str(c), int(e)) for c, e in headers["keep_private"])
        return Policy(**{**record, "headers": ProfileOptions(**headers)})
    except (KeyError, TypeError, ValueError):
        raise InputError("the case was made with a policy that this version does not know") from (
            None
        )


def load_policy(named: str | Path | None = None) -> Policy:
    """Read a policy.

    Parameters
    ----------
    named : str or Path, optional
        One of the ready ones (``research``, ``keep-dates``, ``strict``) or a TOML file;
        ``research`` when nothing is named.

    Raises
    ------
    InputError
        When it cannot be read, or says something that no policy may say.
    """
    text, label = _policy_text("research" if named is None else named)
    try:
        return _policy_from(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{label} is not valid TOML: {error}") from None
    except InputError as error:
        raise InputError(f"{label}: {error}") from None


def with_keep(policy: Policy, words: Iterable[str]) -> Policy:
    """Return the policy with more kept, by the short words of ``--keep`` or by keyword.

    Raises
    ------
    InputError
        For a word that is neither.
    """
    from pydicom.datadict import tag_for_keyword

    keep = set(policy.headers.keep)
    options: dict[str, Any] = {}
    for word in words:
        if word in KEEP_ATTRIBUTES:
            keep.update(KEEP_ATTRIBUTES[word])
        elif word in KEEP_OPTIONS:
            options[KEEP_OPTIONS[word]] = True
        elif tag_for_keyword(word) is not None:
            keep.add(word)
        else:
            known = ", ".join([*KEEP_ATTRIBUTES, *KEEP_OPTIONS])
            raise InputError(f"nothing to keep is called {word!r}: {known} or a DICOM keyword")
    if options.get("retain_full_dates"):
        options["retain_modified_dates"] = False
    headers = dataclasses.replace(policy.headers, keep=frozenset(keep), **options)
    return dataclasses.replace(policy, headers=headers)


def _policy_text(named: str | Path) -> tuple[str, str]:
    """Return a policy's TOML and what to call it in an error."""
    if str(named) in READY:
        file = resources.files(__package__) / "policies" / f"{named}.toml"
        return file.read_text("utf-8"), str(named)
    path = Path(named)
    try:
        return path.read_text("utf-8"), path.name
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"the policy {path.name} cannot be read: {why}") from None


def _policy_from(record: dict[str, Any]) -> Policy:
    """Build a policy from parsed TOML, refusing whatever it does not know."""
    _refuse_unknown(
        record,
        {"name", "description", "headers", "pseudonyms", "face", "text", "preview"},
        "the policy",
    )
    pseudonyms = _table(record, "pseudonyms", {"patient_prefix", "accession_prefix"})
    face = _table(record, "face", {"method"}).get("method", "auto")
    text = _table(record, "text", {"method"}).get("method", "auto")
    keep_before = _table(record, "preview", {"keep_before"}).get("keep_before", True)
    if face not in FACE_METHODS:
        raise InputError(f"[face] method is one of {', '.join(FACE_METHODS)}")
    if text not in TEXT_METHODS:
        raise InputError(f"[text] method is one of {', '.join(TEXT_METHODS)}")
    if not isinstance(keep_before, bool):
        raise InputError("[preview] keep_before is true or false")
    name = record.get("name")
    if not isinstance(name, str) or not name:
        raise InputError("a policy needs a name")
    policy = Policy(
        name=name,
        description=str(record.get("description", "")),
        headers=_options_from(record.get("headers", {})),
        face=face,
        text=text,
        keep_before=keep_before,
        patient_prefix=str(pseudonyms.get("patient_prefix", "")),
        accession_prefix=str(pseudonyms.get("accession_prefix", "")),
    )
    return with_keep(policy, record.get("headers", {}).get("keep", ()))


def _options_from(table: Any) -> ProfileOptions:
    """Build the profile's options from the ``[headers]`` table."""
    switches = {
        field.name
        for field in dataclasses.fields(ProfileOptions)
        if field.name not in ("keep", "keep_private")
    }
    if not isinstance(table, dict):
        raise InputError("headers is a table")
    _refuse_unknown(table, switches | {"keep", "keep_private"}, "[headers]")
    values: dict[str, Any] = {}
    for name in switches & table.keys():
        if not isinstance(table[name], bool):
            raise InputError(f"[headers] {name} is true or false")
        values[name] = table[name]
    if values.get("retain_full_dates") and values.get("retain_modified_dates"):
        raise InputError("[headers] dates are kept in full or moved, not both")
    private = []
    for item in table.get("keep_private", ()):
        if not isinstance(item, dict) or item.keys() != {"creator", "element"}:
            raise InputError('keep_private entries look like {creator = "...", element = 0x0C}')
        private.append((str(item["creator"]), int(item["element"])))
    return ProfileOptions(**values, keep_private=tuple(private))


def _table(record: dict[str, Any], name: str, known: set[str]) -> dict[str, Any]:
    """Return one table of the policy, or an empty one."""
    table = record.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"{name} is a table")
    _refuse_unknown(table, known, f"[{name}]")
    return table


def _refuse_unknown(table: dict[str, Any], known: set[str], where: str) -> None:
    """Raise for a name that means nothing: a misspelt option must not be passed over."""
    for name in table:
        if name not in known:
            raise InputError(f"{where} does not know {name!r}")
