"""Run the shape attack on every zone and version of the heads, and say who was recognised."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import table

from .attack import SHARES, Parts, Surface, distances
from .cut import IN_VIEW, ZONES, average_skin, cut, found_again, in_view
from .heads import KINDS
from .prepared import Prepared
from .score import Outcome, outcome

#: Another look at the original, which must match; and an average face laid into the head's frame
#: by no method at all, which holds nobody's face: what it matches, the frame and the cut gave away.
CONTROL, NOBODY = "control", "nobody"


#: What is attacked, and of which zones it is made: ears are laid onto each other one by one.
#: How large a head is shows in its skull and brain as well, which no method may change; what the
#: face alone gives away is what is left when all faces are brought to one size.
TARGETS = {
    "face": ("face",),
    "both ears": ("left ear", "right ear"),
    "face at one size": ("face",),
    "inner face": ("inner face",),
    "upper face": ("upper face",),
}
ONE_SIZE = "at one size"


def attacked(listed: Sequence[Prepared], methods: Sequence[str]) -> Iterator[str]:
    """Attack the control and each method's results, and print who was recognised."""
    views = [view(prepared) for prepared in listed]
    for target, zones in TARGETS.items():
        at = [ZONES.index("face" if name == "inner face" else name) for name in zones]
        own = [p for p, seen in zip(listed, views, strict=True) if (seen[at] >= IN_VIEW).all()]
        away = {version: rows(own, target, version) for version in (CONTROL, NOBODY, *methods)}
        yield from report(target, own, away)


def view(prepared: Prepared) -> np.ndarray:
    """Return how much of each zone is in a head's field of view."""
    if not prepared.has("view"):
        frame, volume = prepared.load("found")["frame"], prepared.head.read()
        prepared.save("view", seen=np.array([in_view(volume, frame, name) for name in ZONES]))
    return np.asarray(prepared.load("view")["seen"])


def rows(listed: Sequence[Prepared], target: str, version: str) -> np.ndarray:
    """Return the distance of each result to each original, shape (SHARES, results, originals)."""
    names = np.array([prepared.head.name for prepared in listed])
    what = f"shape-{target}-{version}".replace(" ", "-")
    gallery: list[Parts] = []
    result = np.full((len(SHARES), len(listed), len(listed)), np.inf)
    for number, prepared in enumerate(listed):
        if prepared.has(what) and np.array_equal(prepared.load(what)["names"], names):
            result[:, number] = prepared.load(what)["away"]
            continue
        gallery = gallery or [original(p, target) for p in listed]
        result[:, number] = distances(changed(prepared, target, version), gallery)
        prepared.save(what, names=names, away=result[:, number])
    return result


def original(prepared: Prepared, target: str) -> Parts:
    """Return the original's surfaces."""
    kept = prepared.load("found")
    size = target.endswith(ONE_SIZE)
    return tuple(
        Surface.of(cut(kept["skin"], kept["frame"], zone), 1, size) for zone in TARGETS[target]
    )


def changed(prepared: Prepared, target: str, version: str) -> Parts:
    """Return a result's surfaces, or the control's."""
    kept = prepared.load("found")
    if version == NOBODY:
        skin = average_skin(kept["frame"])
    else:
        skin = kept[CONTROL] if version == CONTROL else prepared.load(version)["skin"]
    frame = found_again(kept["frame"], zlib.crc32(f"{prepared.head.name} {version}".encode()))
    size = target.endswith(ONE_SIZE)
    return tuple(Surface.of(cut(skin, frame, zone), 2, size) for zone in TARGETS[target])


def report(name: str, listed: Sequence[Prepared], away: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield the table of one zone: hits of the better attacker, among all and within a kind."""
    persons = [prepared.head.person for prepared in listed]
    kinds = np.array([prepared.head.kind for prepared in listed])
    parts = np.array([prepared.head.part for prepared in listed])
    groups = {"all": np.full(len(listed), True)}
    groups |= {kind: kinds == kind for kind in KINDS if (kinds == kind).sum() > 1}
    groups |= {"never trained on": parts == "dev"}
    lines = [(f"{name}: {len(listed)} heads", *groups)]
    for version, whole in away.items():
        cells = []
        for title, own in groups.items():
            # Development heads are looked for among all; a kind's among its own.
            among = np.full(len(listed), True) if title.startswith("never") else own
            who = [p for p, yes in zip(persons, own, strict=True) if yes]
            where = [p for p, yes in zip(persons, among, strict=True) if yes]
            cells.append(best(whole[:, own][:, :, among], who, where).words())
        lines.append((version, *cells))
    yield from table_lines(lines)


def best(away: np.ndarray, results: Sequence[str], originals: Sequence[str]) -> Outcome:
    """Return the outcome of the attacker who does best."""
    tried = [outcome(own, results, originals, attackers=len(away)) for own in away]
    return max(tried, key=lambda found: found.right)


def table_lines(lines: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table's lines."""
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        table(lines)
    yield from text.getvalue().splitlines()


def write(lines: Sequence[str], path: Path) -> None:
    """Keep lines as a text file."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
