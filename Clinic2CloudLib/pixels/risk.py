"""Which instances may carry burned-in annotation, judged from their headers."""

from __future__ import annotations

from ..dicom.model import Instance

#: Modalities whose scanner writes pure image data (PS3.3 C.7.3.1.1.1): text gets there only by
#: screen saves and secondary captures, which the other rules catch.
PURE_IMAGE_MODALITIES = frozenset({"CT", "MR", "PT", "NM"})

#: Modalities whose pixel data is no picture a text could be burned into: masks, doses, maps.
NO_PICTURE_MODALITIES = frozenset({"SEG", "RTDOSE", "REG", "RWV"})

_SECONDARY_CAPTURES = frozenset(
    {"1.2.840.10008.5.1.4.1.1.7"} | {f"1.2.840.10008.5.1.4.1.1.7.{n}" for n in range(1, 5)}
)
_PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_TELLTALE_IMAGE_TYPES = ("SCREEN SAVE", "SCREENSAVE", "SECONDARY", "DOSE", "REPORT", "CAPTURE")


def text_risk(instance: Instance) -> str | None:
    """Say why an instance may carry burned-in annotation.

    Parameters
    ----------
    instance : Instance
        What the index knows of it.

    Returns
    -------
    str or None
        The reason in words for the report, or None when its kind carries no text.
    """
    if not instance.rows or not instance.columns:
        return None
    if instance.burned_in_annotation.upper() == "YES":
        return "its header says that it has burned-in annotation"
    if instance.sop_class_uid in _SECONDARY_CAPTURES:
        return "a secondary capture may have burned-in annotation"
    if instance.modality in NO_PICTURE_MODALITIES or instance.sop_class_uid == _PARAMETRIC_MAP:
        return None
    if instance.modality not in PURE_IMAGE_MODALITIES:
        return f"images of modality {instance.modality or 'unknown'} may have burned-in annotation"
    if instance.samples_per_pixel > 1:
        return "a colour image of this modality may have burned-in annotation"
    kind = " ".join(instance.image_type).upper()
    if any(word in kind for word in _TELLTALE_IMAGE_TYPES):
        return "a derived picture of this kind may have burned-in annotation"
    return None


def slide_label_risk(instance: Instance) -> str | None:
    """Say why an instance may show a slide's paper label, which no reading of text makes safe.

    The label carries handwriting and bar codes beside print, and the overview shows it too; only
    Image Type value 3 ``VOLUME`` and ``THUMBNAIL`` (PS3.3 C.8.12.4.1.1) never do.

    Parameters
    ----------
    instance : Instance
        What the index knows of it.

    Returns
    -------
    str or None
        The reason it is set aside, or None when it shows no label.
    """
    kind = {word.strip().upper() for word in instance.image_type}
    if "LABEL" in kind:
        return "a slide's label: handwriting and bar codes in it cannot be read with certainty"
    if instance.sop_class_uid != _WHOLE_SLIDE or kind & {"VOLUME", "THUMBNAIL"}:
        return None
    return "a slide's overview may show its label, which cannot be read with certainty"
