"""Run all checks over a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..cases.case import Case, CaseInstance, load_case
from ..progress import Progress, silent
from .checks import CASE_CHECKS, INSTANCE_CHECKS, OPENING_CHECKS, TOKEN_CHECKS
from .checks.files import UNREADABLE, check_case_digest, read_instance
from .elements import READ_ERRORS, all_elements, read_dataset
from .model import CaseView, Finding, InstanceView, Verification
from .scanner import Scanner
from .tokens import classify


def verify_case(
    case_folder: Path, tokens: Sequence[str] | None = None, progress: Progress | None = None
) -> Verification:
    """Look at a case a second time, with another reader than the one that wrote it.

    Parameters
    ----------
    case_folder : Path
        The folder with ``case.json``.
    tokens : sequence of str, optional
        The source's identifying values, from
        :meth:`Clinic2CloudLib.cases.crosswalk.Crosswalk.tokens_for`. Without them the checks that
        need them are not made and not listed.
    progress : Progress, optional
        Told how far it is, after each instance.

    Returns
    -------
    Verification
        Findings in a fixed order, and the kinds that were looked for.

    Raises
    ------
    InputError
        When the folder is no case.
    """
    report = progress or silent
    case = load_case(case_folder)
    view = case_view(case, tokens)
    findings = {*check_case_digest(case)}
    for number, record in enumerate(case.instances):
        report(number / len(case.instances), f"verifying {number + 1} of {len(case.instances)}")
        findings.update(_instance_findings(view, record))
    for check in CASE_CHECKS.values():
        findings.update(check(view))
    report(1.0, "verified")
    kinds = {*OPENING_CHECKS, *INSTANCE_CHECKS, *CASE_CHECKS}
    if not tokens:  # a series has at least its UIDs; none means that they are not known
        kinds -= TOKEN_CHECKS
    return Verification(tuple(sorted(findings)), tuple(sorted(kinds)))


def case_view(case: Case, tokens: Sequence[str] | None) -> CaseView:
    """Prepare a case and the tokens that its policy does not keep."""
    view = CaseView(case, Scanner(()), frozenset(), frozenset())
    known = classify(tokens or ())
    if view.option("retain_uids"):
        known = [token for token in known if token.kind != "uid"]
    if view.option("retain_full_dates"):
        known = [token for token in known if token.kind != "date"]
    view.scanner = Scanner(known)
    view.dates = frozenset(token.text for token in known if token.kind == "date")
    view.uids = frozenset(token.text for token in known if token.kind == "uid")
    return view


def instance_view(record: CaseInstance, raw: bytes) -> InstanceView:
    """Read an instance with pydicom.

    Raises
    ------
    ValueError
        When it is not DICOM.
    """
    dataset = read_dataset(raw)
    return InstanceView(record, raw, dataset.file_meta, dataset, all_elements(dataset))


def _instance_findings(view: CaseView, record: CaseInstance) -> list[Finding]:
    """Run the instance checks on one file."""
    raw, findings = read_instance(view.case, record)
    if not raw:
        return findings or [Finding(UNREADABLE, record.file, "it is empty")]
    try:
        instance = instance_view(record, raw)
    except READ_ERRORS:
        return [*findings, Finding(UNREADABLE, record.file, "another reader cannot read it")]
    for kind, check in INSTANCE_CHECKS.items():
        try:
            findings.extend(check(view, instance))
        except READ_ERRORS:  # what cannot be checked is not taken for right
            findings.append(Finding(kind, record.file, "it cannot be checked: values are damaged"))
    return findings
