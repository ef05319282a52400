"""What travels between the checks: findings, one instance as read again, the case as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..cases.case import Case, CaseInstance

if TYPE_CHECKING:
    from pydicom import Dataset

    from .elements import Element
    from .scanner import Scanner


@dataclass(frozen=True, order=True)
class Finding:
    """Something that must not be in a case, or is missing from it.

    Attributes
    ----------
    kind : str
        Which check found it; one kind for each check.
    file : str
        Relative to the case folder, with forward slashes.
    text : str
        One sentence that says what and where, without the value found.
    """

    kind: str
    file: str
    text: str


@dataclass(frozen=True)
class Verification:
    """The outcome of a second look.

    Attributes
    ----------
    findings : tuple of Finding
        Empty when all is well.
    checks : tuple of str
        The kinds of findings that were looked for.
    """

    findings: tuple[Finding, ...]
    checks: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True)
class InstanceView:
    """One instance as the second reader sees it.

    Attributes
    ----------
    record : CaseInstance
        What ``case.json`` says of it.
    raw : bytes
        The whole file.
    meta, dataset : Dataset
        As pydicom reads them.
    elements : sequence of Element
        All elements of the data set at every depth, in order, file meta included.
    """

    record: CaseInstance
    raw: bytes = field(repr=False)
    meta: Dataset = field(repr=False)
    dataset: Dataset = field(repr=False)
    elements: Sequence[Element] = field(repr=False)

    @property
    def file(self) -> str:
        """Its path relative to the case folder."""
        return self.record.file


@dataclass
class CaseView:
    """A case while it is being verified, and what its instances said so far.

    Attributes
    ----------
    case : Case
        What ``case.json`` says.
    scanner : Scanner
        Looks for the tokens of the source; has none when they are not known.
    dates : frozenset of str
        The source's dates (``YYYYMMDD``).
    uids : frozenset of str
        The source's UIDs.
    """

    case: Case
    scanner: Scanner = field(repr=False)
    dates: frozenset[str] = field(repr=False)
    uids: frozenset[str] = field(repr=False)
    sop_instances: dict[str, str] = field(default_factory=dict)
    references: list[tuple[str, str, str]] = field(default_factory=list)
    new_dates: dict[str, str] = field(default_factory=dict)

    def option(self, name: str) -> bool:
        """Return whether the case's policy has one of the profile's options on."""
        return bool(self.headers_policy.get(name))

    @property
    def headers_policy(self) -> dict[str, Any]:
        """The policy's part about headers."""
        headers = self.case.policy.get("headers")
        return headers if isinstance(headers, dict) else {}

    @property
    def kept(self) -> frozenset[str]:
        """Keywords that the policy keeps by name."""
        return frozenset(self.headers_policy.get("keep", ()))
