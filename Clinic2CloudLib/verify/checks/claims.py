"""What an instance says of its own de-identification, against what was done (PS3.15 E.1.1, E.3)."""

from __future__ import annotations

from collections.abc import Iterator

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


def check_text_claim(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether burned-in text is called absent only where somebody looked."""
    codes = _codes(instance)
    if PIXELS in codes and not view.case.text:
        yield Finding(TEXT_CLAIM, instance.file, f"code {PIXELS} without a search for text")
    said = str(instance.dataset.get("BurnedInAnnotation", ""))
    required = instance.record.sop_class_uid in _NO_IS_REQUIRED
    if said == "NO" and PIXELS not in codes and not required:
        yield Finding(
            TEXT_CLAIM, instance.file, f"BurnedInAnnotation is NO, but there is no code {PIXELS}"
        )


def check_face_claim(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Look whether a face is called absent only where one was replaced or looked for."""
    codes = _codes(instance)
    if FACES in codes and not view.case.face:
        yield Finding(FACE_CLAIM, instance.file, f"code {FACES} without a search for a face")
    said = str(instance.dataset.get("RecognizableVisualFeatures", ""))
    required = instance.record.sop_class_uid in _NO_FACE_IS_REQUIRED
    if said == "NO" and FACES not in codes and not required:
        yield Finding(
            FACE_CLAIM,
            instance.file,
            f"RecognizableVisualFeatures is NO, but there is no code {FACES}",
        )
    elif said == "YES" and FACES in codes:
        yield Finding(FACE_CLAIM, instance.file, f"RecognizableVisualFeatures is YES with {FACES}")


def _codes(instance: InstanceView) -> set[str]:
    """Return the DCM codes of (0012,0064)."""
    sequence = instance.dataset.get("DeidentificationMethodCodeSequence") or ()
    return {
        str(item.get("CodeValue", ""))
        for item in sequence
        if item.get("CodingSchemeDesignator") == "DCM"
    }
