"""Sort slices into volumes: by orientation, matrix, and what differs where positions repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .geometry import SAME_POSITION, Frame, Stack, Unstacked, fit_stack

#: Direction cosines that differ by more belong to another stack (about 0.06 degrees).
_SAME_DIRECTION = 1e-3
#: Relative difference of pixel spacings in one stack.
_SAME_SPACING = 1e-3


@dataclass
class _Group:
    """Slices with the marks by which they were split off."""

    frames: list[Frame]
    labels: list[str] = field(default_factory=list)


def stack_frames(frames: Sequence[Frame]) -> tuple[list[Stack], list[Unstacked]]:
    """Sort slices into volumes.

    Slices of another orientation, matrix, spacing or data type are another volume. Where positions
    repeat, the marks (echo time, b-value, temporal position, ...) tell the volumes apart, or else
    the order of instances.

    Parameters
    ----------
    frames : sequence of Frame
        In any order; the result does not depend on it.

    Returns
    -------
    stacks : list of Stack
        Volumes of two slices or more. Where a slice is missing here and there, the affine is the
        best even line through the positions and a note says how far slices are off it.
    unstacked : list of Unstacked
        Single slices, and stacks so uneven that the affine would be wrong by more than 3 mm. Those
        are not cut into even pieces: a face in pieces might be recognised in none of them, and yet
        be put together again by anybody.
    """
    stacks: list[Stack] = []
    unstacked: list[Unstacked] = []
    for alike in _alike(sorted(frames, key=_canonical)):
        for group in _split(_Group(alike)):
            result = fit_stack(group.frames, ", ".join(group.labels))
            if isinstance(result, Stack):
                stacks.append(result)
            else:
                unstacked.append(result)
    return stacks, unstacked


def _canonical(frame: Frame) -> tuple[float, ...]:
    """An order that depends on the slices only."""
    vectors = (*frame.row, *frame.column, *frame.spacing, *frame.position)
    return (*vectors, *frame.order, frame.source.instance, frame.source.frame)


def _alike(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Group slices of the same orientation, matrix, spacing and data type."""
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _are_alike(group[0], frame):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _are_alike(one: Frame, two: Frame) -> bool:
    return (
        one.shape == two.shape
        and one.kind == two.kind
        and all(
            abs(a - b) <= _SAME_SPACING * a for a, b in zip(one.spacing, two.spacing, strict=True)
        )
        and bool(np.abs(one.row - two.row).max() <= _SAME_DIRECTION)
        and bool(np.abs(one.column - two.column).max() <= _SAME_DIRECTION)
    )


def _places(frames: Sequence[Frame]) -> list[int]:
    """Number the distinct positions along the normal and say which one each slice has."""
    normal = frames[0].normal
    along = np.array([frame.position @ normal for frame in frames])
    order = np.argsort(along, kind="stable")
    number = np.empty(len(frames), int)
    number[order] = np.concatenate([[0], np.cumsum(np.diff(along[order]) > SAME_POSITION)])
    return [int(n) for n in number]


def _split(group: _Group) -> list[_Group]:
    """Split slices at the same positions into volumes, by the first mark that does it well."""
    places = _places(group.frames)
    most = max(Counter(places).values())
    if most == 1:
        return [group]
    for name in dict.fromkeys(name for frame in group.frames for name, _ in frame.marks):
        parts = _by_mark(group.frames, name)
        if len(parts) > 1 and all(
            _improves(part, most, len(set(places))) for part in parts.values()
        ):
            split = []
            for number, (value, part) in enumerate(parts.items(), start=1):
                shown = _shown(name, value, number, len(parts))
                split += _split(_Group(part, [*group.labels, shown]))
            return split
    return _by_occurrence(group, places)


def _by_mark(frames: Sequence[Frame], name: str) -> dict[Hashable, list[Frame]]:
    parts: dict[Hashable, list[Frame]] = {}
    for frame in frames:
        parts.setdefault(dict(frame.marks).get(name), []).append(frame)
    return dict(sorted(parts.items(), key=lambda part: _sortable(part[0])))


def _sortable(value: Hashable) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (0 if value is None else 2, 0.0, str(value))


def _improves(part: Sequence[Frame], most: int, positions: int) -> bool:
    """Whether a part has fewer slices at one position and is still a stack."""
    places = _places(part)
    return max(Counter(places).values()) < most and (positions == 1 or len(set(places)) > 1)


def _shown(name: str, value: Hashable, number: int, count: int) -> str:
    if isinstance(value, int | float):
        return f"{name} {value:g}"
    return f"{name} {number} of {count}"


def _by_occurrence(group: _Group, places: Sequence[int]) -> list[_Group]:
    """The n-th slice at each position belongs to volume n."""
    ordered = sorted(
        zip(group.frames, places, strict=True),
        key=lambda item: (item[0].order, item[0].source.instance, item[0].source.frame),
    )
    seen: Counter[int] = Counter()
    parts: dict[int, list[Frame]] = {}
    for frame, place in ordered:
        seen[place] += 1
        parts.setdefault(seen[place], []).append(frame)
    return [
        _Group(part, [*group.labels, f"pass {number} of {len(parts)}"])
        for number, part in parts.items()
    ]
