"""What an instance says of its own de-identification, against what was done (PS3.15 E.1.1, E.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model import CaseView, Finding, InstanceView

CODES, DATES_CLAIM = "codes", "dates-claim"
TEXT_CLAIM, FACE_CLAIM = "text-claim", "face-claim"

#: In these Burned In Annotation must be there and is NO in most (PS3.3 A.26 to A.84): digital
#: X-ray, mammography, intra-oral, enhanced and legacy converted, multi-frame secondary capture,
#: 3D X-ray, ophthalmic tomography, parametric maps and slides. A NO of the source stays then and
#: claims nothing.
_NO_IS_REQUIRED = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{tail}"
    for tail in (
        *("1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1"),
        *("2.1", "2.2", "4.1", "4.3", "4.4", "6.2", "130", "128.1"),
        *("7.1", "7.2", "7.3", "7.4", "12.1.1", "12.2.1"),
        *("13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5", "30", "77.1.5.4", "77.1.6"),
    )
)
#: The same of Recognizable Visual Features: intravascular tomography, ophthalmic thickness maps,
#: parametric maps, dermoscopy, corneal topography and ophthalmic maps (PS3.3, Type 1).
_NO_FACE_IS_REQUIRED = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{tail}"
    for tail in ("14.1", "14.2", "30", "77.1.5.7", "77.1.5.8", "77.1.7", "81.1", "82.1")
)
BASIC, PIXELS, FACES = "113100", "113101", "113102"
FULL_DATES, MODIFIED_DATES = "113106", "113107"


def check_codes(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look at (0012,0062), (0012,0063) and (0012,0064): there, complete, and as reported."""
    dataset = instance.dataset
    if str(dataset.get("PatientIdentityRemoved", "")) != "YES":
        yield Finding(CODES, instance.file, "PatientIdentityRemoved is not YES")
    if not dataset.get("DeidentificationMethod"):
        yield Finding(CODES, instance.file, "DeidentificationMethod is missing")
    codes = _codes(instance)
    if BASIC not in codes:
        yield Finding(CODES, instance.file, f"code {BASIC} (Basic Profile) is missing")
    reported = {str(code["value"]) for code in view.case.headers.get("codes", ())}
    if not codes <= reported:
        yield Finding(CODES, instance.file, "it claims an option that case.json does not")


def check_dates_claim(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether (0028,0303) says of dates what the codes and the policy say."""
    codes = _codes(instance)
    expected = "REMOVED"
    if FULL_DATES in codes:
        expected = "UNMODIFIED"
    elif MODIFIED_DATES in codes:
        expected = "MODIFIED"
    said = str(instance.dataset.get("LongitudinalTemporalInformationModified", ""))
    if said != expected:
        yield Finding(
            DATES_CLAIM,
            instance.file,
            f"LongitudinalTemporalInformationModified is not {expected}, as the codes say",
        )
    for code, option in (
        (FULL_DATES, "retain_full_dates"),
        (MODIFIED_DATES, "retain_modified_dates"),
    ):
        if view.headers_policy and (code in codes) != view.option(option):
            yield Finding(DATES_CLAIM, instance.file, f"code {code} is not what the policy says")


@dataclass(frozen=True)
class _Absence:
    """How an instance says that its pixels show something no more.

    Attributes
    ----------
    kind : str
        Of the findings.
    thing : str
        What is said to be gone; the part of ``case.json`` that says how it was looked for.
    attribute : str
        Keyword of the attribute that is NO then.
    code : str
        Of CID 7050, which stands beside it.
    required : frozenset of str
        SOP Classes in which the attribute must be there, and NO claims nothing.
    """

    kind: str
    thing: str
    attribute: str
    code: str
    required: frozenset[str]


_NO_TEXT = _Absence(TEXT_CLAIM, "text", "BurnedInAnnotation", PIXELS, _NO_IS_REQUIRED)
_NO_FACE = _Absence(FACE_CLAIM, "face", "RecognizableVisualFeatures", FACES, _NO_FACE_IS_REQUIRED)


def check_text_claim(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether burned-in text is called absent only where somebody looked."""
    return _check_absence(_NO_TEXT, view, instance)


def check_face_claim(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether a face is called absent only where one was replaced or looked for."""
    return _check_absence(_NO_FACE, view, instance)


def _check_absence(claim: _Absence, view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Compare what the attribute says with the code, and the code with what was done."""

    def finding(text: str) -> Finding:
        return Finding(claim.kind, instance.file, text)

    has_code = claim.code in _codes(instance)
    if has_code and not getattr(view.case, claim.thing):
        yield finding(f"code {claim.code} without a search for {claim.thing}")
    said = str(instance.dataset.get(claim.attribute, ""))
    required = instance.record.sop_class_uid in claim.required
    if said == "NO" and not has_code and not required:
        yield finding(f"{claim.attribute} is NO, but there is no code {claim.code}")
    elif said == "YES" and has_code:
        yield finding(f"{claim.attribute} is YES with code {claim.code}")


def _codes(instance: InstanceView) -> set[str]:
    """Return the DCM codes of (0012,0064)."""
    sequence = instance.dataset.get("DeidentificationMethodCodeSequence") or ()
    return {
        str(item.get("CodeValue", ""))
        for item in sequence
        if item.get("CodingSchemeDesignator") == "DCM"
    }
