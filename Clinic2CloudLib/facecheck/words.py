"""The check's findings in words for a radiologist."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Doubt, PartMoved

#: How each feature is called, and whether it is many.
NAMES = {
    "eyes": ("Eyes and brow", True),
    "nose": ("The nose", False),
    "mouth": ("Mouth and chin", True),
    "cheeks": ("The cheeks", True),
    "left ear": ("The left ear", False),
    "right ear": ("The right ear", False),
}
#: What each doubt means.
WHY: dict[Doubt, str] = {
    "unmoved": "There most of the skin is where it was.",
    "dimmed": "The skin there became darker but is where it was: another window shows it again.",
    "faint": (
        "The old outline is still there, faint or blurred: another window or a filter brings it "
        "out again."
    ),
    "inverted": (
        "Bright and dark were exchanged, and the old outline is still there: inverting the gray "
        "scale or another window brings it back."
    ),
    "noise": (
        "Noise was laid over it, and the old outline can be made out beneath: smoothing brings it "
        "back."
    ),
}


def doubts_of(parts: Sequence[PartMoved]) -> tuple[str, ...]:
    """Return one sentence for each kind of doubt: what to look at closely, and why."""
    said = []
    for doubt, why in WHY.items():
        names = ", ".join(part.name for part in parts if part.doubt == doubt)
        if names:
            said.append(f"Look closely at: {names}. {why}")
    return tuple(said)


def sentences_of(parts: Sequence[PartMoved], doubts: Sequence[str], method: str) -> tuple[str, ...]:
    """Return one sentence a feature, and what it means as a whole."""
    said = [_sentence(part) for part in parts]
    if doubts:
        said += doubts
    elif method == "reface":
        said.append(
            "An average face lies close to every face: distances are small, and what counts is "
            "that the person cannot be told from it."
        )
    return tuple(said)


def _sentence(part: PartMoved) -> str:
    name, many = NAMES[part.name]
    have = "have" if many else "has"
    return (
        f"{name} {have} moved by {part.median_mm:.1f} mm (median); {100 * part.near:.0f} % of the "
        "skin lies within 2 mm of where it was."
    )
