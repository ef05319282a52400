"""What the face check hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

#: ``changed``: every feature that is in view has moved. ``doubtful``: one at least has hardly.
Verdict = Literal["changed", "doubtful"]


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
    """

    name: str
    median_mm: float
    near: float


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
    """

    parts: tuple[PartMoved, ...]
    verdict: Verdict
    sentences: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return it as ``case.json`` keeps it, rounded to what the measure is good for."""
        return {
            "verdict": self.verdict,
            "parts": {
                part.name: {"median_mm": round(part.median_mm, 1), "near": round(part.near, 2)}
                for part in self.parts
            },
            "sentences": list(self.sentences),
        }
