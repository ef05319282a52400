"""What the face check hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

#: ``changed``: every feature that is in view has moved. ``doubtful``: one at least has hardly, or
#: can still be made out where it was.
Verdict = Literal["changed", "doubtful"]

#: Why a feature may still be recognised. ``unmoved``: its skin is where it was. ``dimmed``: so it
#: is at a lower level. Of its outline, at the old place: ``faint``, ``inverted`` (bright and dark
#: are exchanged), or made out under added ``noise``.
Doubt = Literal["unmoved", "dimmed", "faint", "inverted", "noise"]


@dataclass(frozen=True)
class PartMoved:
    """How the skin of one feature moved.

    Attributes
    ----------
    name : str
        ``eyes``, ``nose``, ``mouth``, ``cheeks``, ``left ear`` or ``right ear``.
    median_mm : float
        Median distance from the old skin to the nearest new one.
    near : float
        Share of the old skin that has new skin within 2 mm; the highest of all skin levels.
    outline : float or None
        Share of the old skin whose outline, however faint and of whichever sign, can be made out
        where it was; None where too little of it is in view. Chance alone gives about a fifth.
    doubt : Doubt or None
        Why it may still be recognised.
    """

    name: str
    median_mm: float
    near: float
    outline: float | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True)
class FaceCheck:
    """The check of one volume.

    Attributes
    ----------
    parts : tuple of PartMoved
        The features in view.
    verdict : Verdict
        See above.
    sentences : tuple of str
        The same in words for a radiologist.
    doubts : tuple of str
        Those of the sentences that say what to look at closely, and why.
    """

    parts: tuple[PartMoved, ...]
    verdict: Verdict
    sentences: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return it as ``case.json`` keeps it, rounded to what the measure is good for."""
        return {
            "verdict": self.verdict,
            "parts": {
                part.name: {
                    "median_mm": round(part.median_mm, 1),
                    "near": round(part.near, 2),
                    "outline": None if part.outline is None else round(part.outline, 2),
                    "doubt": part.doubt,
                }
                for part in self.parts
            },
            "sentences": list(self.sentences),
        }
