"""Whether what the networks drew is a face: how they know when they failed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..atlas import head_atlas, moved
from ..grid import mapped
from ..model import FaceStatus
from ..region import depth_below, in_face
from ..register import stretch_of
from ..verdict import FACE_REMOVED, FACE_SEEN_LEAST
from . import boxes
from .draw import Drawn
from .locate import Located

#: Where each measure turns from plausible to doubtful, and from doubtful to not a head.
SIZE_SURE, SIZE_LEAST = (0.75, 1.25), (0.6, 1.5)
SHAPE_SURE, SHAPE_LEAST = 0.2, 0.5
RESIDUAL_SURE, RESIDUAL_LEAST = 20.0, 30.0
CORRECTION_SURE = 8.0
AGREEMENT_SURE = 0.80
CLEAR_SURE, CLEAR_LEAST = 0.80, 0.60
#: Face found against face expected from the average head.
FACE_SURE = (0.6, 1.6)
#: Left against right half of the face, where both are in view.
BALANCE_SURE = 0.62
#: Brain found against brain expected in view.
BRAIN_SURE = (0.6, 1.3)


@dataclass(frozen=True)
class Evidence:
    """What the verdict rests on.

    Attributes
    ----------
    size, shape : float
        The head's size relative to the mean head, and how far its affine is from a similarity.
    residual, correction : float
        What the affine leaves of the coarse network's places, and how far off its frame was, mm.
    agreement : float
        Dice of the face as drawn and the face by the rule in the drawn head.
    clear : float
        Mean probability of the class chosen, over the head.
    there : float
        Face found, relative to the face expected in this field of view.
    seen : float
        Share of an average face that lies in the field of view.
    balance : float
        The smaller half of the face over the larger, 1 where only one half is in view.
    brain : float
        Brain found, relative to the brain expected in this field of view.
    """

    size: float
    shape: float
    residual: float
    correction: float
    agreement: float
    clear: float
    there: float
    seen: float
    balance: float
    brain: float


def gather(located: Located, drawn: Drawn) -> Evidence:
    """Measure everything the verdict rests on."""
    grid = boxes.FINE_GRID
    chosen = drawn.chances.argmax(0)
    head = (chosen != boxes.OUTSIDE) & drawn.inside
    face = (chosen == boxes.FACE) & drawn.inside
    to_frame = np.linalg.inv(drawn.frame_to_lps) @ drawn.grid_to_lps
    own = mapped(to_frame.astype(np.float32), grid.points())
    ruled = (
        own
        if drawn.frame is None
        else drawn.frame.from_lps(mapped(drawn.grid_to_lps, grid.points()))
    )
    depth = depth_below(head | ~drawn.inside, grid.spacing)
    brain = chosen == boxes.BRAIN
    rule = in_face(ruled, depth) & head & ~brain
    stretch = stretch_of(drawn.frame_to_lps)
    size = float(np.trace(stretch) / 3)
    average = _average("face")
    expected = average & drawn.inside
    left, right = (expected & side for side in (own[..., 0] > 0, own[..., 0] <= 0))
    balance = 1.0
    if min(left.sum(), right.sum()) > 0.4 * max(left.sum(), right.sum(), 1):
        halves = [float((face & (s > 0)).sum()) for s in (own[..., 0], -own[..., 0])]
        expected_halves = [float(left.sum()), float(right.sum())]
        shares = [h / e for h, e in zip(halves, expected_halves, strict=True)]
        balance = min(shares) / max(*shares, 1e-6)
    return Evidence(
        size=size,
        shape=float(np.abs(stretch / size - np.eye(3)).max()),
        residual=located.residual,
        correction=drawn.correction,
        agreement=_dice(face, rule),
        clear=float(drawn.chances.max(0)[head].mean()) if head.any() else 0.0,
        there=float(face.sum()) / max(float(expected.sum()), 1.0),
        seen=float(expected.sum()) / float(average.sum()),
        balance=balance,
        brain=float((brain & drawn.inside).sum())
        / max(float((_average("brain") & drawn.inside).sum()), 1.0),
    )


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2.0 * float((one & other).sum()) / max(float(one.sum() + other.sum()), 1.0)


@cache
def _average(name: str) -> np.ndarray:
    """Return where face or brain of the average head lie on the fine grid in its own frame."""
    return moved(head_atlas(), name, np.eye(4), boxes.FINE_GRID) > 0.5


def _has_brain(e: Evidence) -> bool:
    return BRAIN_SURE[0] <= e.brain <= BRAIN_SURE[1]


def judge(e: Evidence) -> tuple[FaceStatus, float, tuple[str, ...]]:
    """Return status, confidence from 0 to 1, and the reasons, in words for a radiologist."""
    against = _not_a_head(e)
    if against:
        return "no_head", 1.0 - min(e.clear, 1.0) * max(e.agreement, 0.0), against
    confidence = float(np.clip(min(e.clear / 0.95, e.agreement / 0.92), 0.0, 1.0))
    in_view = e.seen >= FACE_SEEN_LEAST
    if in_view and e.there < FACE_REMOVED:
        if not _has_brain(e):
            return "no_head", confidence, ("What was found has neither a face nor a head's brain.",)
        reason = f"Only {100 * e.there:.0f} % of an average face's volume is there."
        return "already_removed", confidence, (reason,)
    doubts = _doubts(e, in_view)
    if doubts:
        return "uncertain", 0.5 * confidence, doubts
    if not in_view:
        return "no_face", confidence, ("The field of view holds a head without a face.",)
    return (
        "found",
        confidence,
        (
            f"The face drawn and the face by the rule overlap by {100 * e.agreement:.0f} %.",
            f"{100 * min(e.seen, 1.0):.0f} % of the face is in the field of view.",
        ),
    )


def _not_a_head(e: Evidence) -> tuple[str, ...]:
    reasons = []
    if not SIZE_LEAST[0] <= e.size <= SIZE_LEAST[1]:
        reasons.append("What was found does not have the size of a head.")
    if e.shape > SHAPE_LEAST:
        reasons.append("What was found does not have the proportions of a head.")
    if e.residual > RESIDUAL_LEAST:
        reasons.append("The parts of what was found do not lie as in a head.")
    if e.clear < CLEAR_LEAST:
        reasons.append("Nothing in the scan looks clearly like a head.")
    return tuple(reasons)


def _doubts(e: Evidence, in_view: bool) -> tuple[str, ...]:
    reasons = []
    if not SIZE_SURE[0] <= e.size <= SIZE_SURE[1] or e.shape > SHAPE_SURE:
        reasons.append("The head's size or shape is unusual.")
    if e.residual > RESIDUAL_SURE or e.correction > CORRECTION_SURE:
        reasons.append("The parts of the head lie in unusual places.")
    if e.clear < CLEAR_SURE:
        reasons.append("The network is unsure of much that it drew.")
    if not _has_brain(e):
        reasons.append(f"The brain has {100 * e.brain:.0f} % of the volume expected of it.")
    if in_view and e.agreement < AGREEMENT_SURE:
        reasons.append(
            f"The face drawn and the face by the rule overlap by {100 * e.agreement:.0f} % only."
        )
    if in_view and not FACE_SURE[0] <= e.there <= FACE_SURE[1]:
        reasons.append(f"The face has {100 * e.there:.0f} % of the volume expected of it.")
    if in_view and e.balance < BALANCE_SURE:
        reasons.append("One half of the face is much smaller than the other.")
    return tuple(reasons)
