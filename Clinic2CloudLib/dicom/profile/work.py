"""What is gathered while one data set is walked through, and the tree its output is made of."""

from __future__ import annotations

from typing import Any

from .encoding import Encoding
from .identifiers import Identifier, Known
from .rules import Rule

__all__ = ["Branch", "Later", "Level", "Work", "flatten"]


class Later:
    """A piece whose bytes depend on what the rest of the header says."""

    __slots__ = ("charset", "data", "rule", "value")

    def __init__(self, rule: Rule, value: bytes, charset: bytes) -> None:
        self.rule = rule
        self.value = value
        self.charset = charset
        self.data = b""


class Branch:
    """A changed sequence or item: its header, whose length follows from what is inside."""

    __slots__ = ("defined", "encoding", "head", "pieces")

    def __init__(self, encoding: Encoding, head: bytes, defined: bool, pieces: list[Any]) -> None:
        self.encoding = encoding
        self.head = head
        self.defined = defined
        self.pieces = pieces


class Level:
    """One data set: the top or an item."""

    __slots__ = ("charset", "creators", "dates", "local_codes", "moment")

    def __init__(self, charset: bytes) -> None:
        self.charset = charset
        self.creators: dict[int, list[Any]] | None = None
        self.dates: dict[str, list[Later | None]] | None = None
        self.local_codes = False
        self.moment = ""


class Work:
    """One file's walk.

    Attributes
    ----------
    raw : bytes
        The encoded data set.
    known : Known or None
        In a second, careful walk: what the first one learnt.
    top : dict
        New values of the top level that the result names, by keyword.
    source : dict
        The patient's original ID, its issuer and the name at the top level, by keyword.
    bulk : list
        Pixel data and the like that stay: tag, where the element, its value and its end are,
        whether it is encapsulated, and its place among the pieces.
    overlay_in_pixels : bool
        Whether an overlay lies in unused bits of the pixel data.
    """

    def __init__(self, raw: bytes, engine: Any, known: Known | None) -> None:
        self.raw = raw
        self.engine = engine
        self.known = known
        self.depth = 0
        self.seen: list[int] = []
        self.texts: list[tuple[Rule, bytes, bytes]] = []
        self.kept: list[bytes] = []
        self.found: list[Identifier] = []
        self.uids: dict[bytes, bytes] = {}
        self.dates: list[list[Later | None]] = []
        self.cleanups: list[Later] = []
        self.patients: list[Later] = []
        self.top: dict[str, bytes] = {}
        self.source: dict[str, str] = {}
        self.bulk: list[tuple[int, int, int, int, bool, list[Any], int]] = []
        self.overlay_in_pixels = False
        self.emptied = False

    def mark(self) -> tuple[int, ...]:
        """Return how much has been gathered of what describes the output."""
        lists = (self.seen, self.texts, self.kept, self.dates, self.cleanups, self.patients)
        return tuple(len(items) for items in lists)

    def forget(self, mark: tuple[int, ...]) -> None:
        """Drop what was gathered since, for a sequence that is not written; identifiers stay."""
        lists = (self.seen, self.texts, self.kept, self.dates, self.cleanups, self.patients)
        for items, size in zip(lists, mark, strict=True):
            del items[size:]  # type: ignore[attr-defined]


def flatten(pieces: list[Any]) -> list[bytes | memoryview]:
    """Return the parts of the output in order, with the lengths of changed sequences filled in."""
    parts: list[bytes | memoryview] = []
    for piece in pieces:
        if piece.__class__ is bytes or piece.__class__ is memoryview:
            parts.append(piece)
        elif piece.__class__ is Later:
            parts.append(piece.data)
        elif piece.defined:
            inner = b"".join(flatten(piece.pieces))
            parts.append(piece.encoding.with_length(piece.head, len(inner)))
            parts.append(inner)
        else:
            parts.append(piece.head)
            parts.extend(flatten(piece.pieces))
    return parts
