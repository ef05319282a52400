"""The answer key: for each file what must be gone, what must be left, and what must hold."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Place = list[list[int]]  # the sequences on the way: [tag, item] each


@dataclass
class Check:
    """One check of MIDI-B's kind at one attribute."""

    kind: str
    tag: int
    value: str = ""
    place: Place = field(default_factory=list)


@dataclass
class Token:
    """Bytes that must be nowhere in the output.

    A token that is not ``unique`` (an age, a number of two bytes, a day) only counts where it was
    planted.
    """

    where: str
    data: str  # hexadecimal
    unique: bool = True
    tag: int = 0
    place: Place = field(default_factory=list)


@dataclass
class FileKey:
    """What is known of one file; ``may_refuse`` when nobody can de-identify it with certainty."""

    name: str
    number: int
    patient: str
    topic: str
    pixels: str = ""  # SHA-256 of the pixel data
    frames: int = 1
    may_refuse: bool = False
    burned: list[int] = field(default_factory=list)  # rows and columns of the burned-in text
    tokens: list[Token] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def save(keys: list[FileKey], path: Path) -> None:
    """Write the answer key as JSON."""
    path.write_text(json.dumps([asdict(key) for key in keys], indent=1))


def load(path: Path) -> list[FileKey]:
    """Read an answer key."""

    def made(entry: dict[str, Any]) -> FileKey:
        entry["tokens"] = [Token(**token) for token in entry["tokens"]]
        entry["checks"] = [Check(**check) for check in entry["checks"]]
        return FileKey(**entry)

    return [made(entry) for entry in json.loads(path.read_text())]
