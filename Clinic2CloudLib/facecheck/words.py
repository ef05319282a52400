"""The check's findings in words for a radiologist."""

from __future__ import annotations

from collections.abc import Sequence

from .model import PartMoved

#: How each feature is called, and whether it is many.
NAMES = {
    "eyes": ("Eyes and brow", True),
    "nose": ("The nose", False),
    "mouth": ("Mouth and chin", True),
    "cheeks": ("The cheeks", True),
    "left ear": ("The left ear", False),
    "right ear": ("The right ear", False),
}


def sentences_of(
    parts: Sequence[PartMoved], hardly: Sequence[PartMoved], method: str
) -> tuple[str, ...]:
    """Return one sentence a feature, and what it means as a whole."""
    said = [_sentence(part) for part in parts]
    if hardly:
        names = ", ".join(part.name for part in hardly)
        said.append(f"Look closely at: {names}. There most of the skin is where it was.")
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
