"""Numbers: which measure something and which may identify."""

from __future__ import annotations

import re

from .technical import has_shape
from .tokens import Token
from .words import terms

_YEARS = re.compile(r"(?:19|20)\d\d")
_ROUND = re.compile(r"[1-5]\d[05]0")


def drop_numbers(tokens: list[Token]) -> None:
    """Drop long numbers, and short ones beside something that went."""
    for index, token in enumerate(tokens):
        if not token.kept or not token.text[0].isdigit():
            continue
        before = [item.folded for item in tokens[max(index - 3, 0) : index]]
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.text.isdigit() and len(token.text) > 3:
            unit = bool(after and after.folded in terms("units") and not token.after.strip())
            token.kept = token.text.isascii() and _is_quantity(token.text, before, unit)
        elif token.text.isdigit():
            measured = (
                token.text in terms("matrix_sizes")
                or bool(before and before[-1] in terms("quantities"))
                or bool(after and after.kept and after.folded in terms("units"))
            )
            token.kept = token.text.isascii() and (measured or not _is_beside_gap(tokens, index))
        elif not has_shape(token.text):
            token.kept = not _is_beside_gap(tokens, index)


def _is_beside_gap(tokens: list[Token], index: int) -> bool:
    """Return whether a short number may belong to what went before or behind it."""
    left = tokens[index - 1] if index else None
    right = tokens[index + 1] if index + 1 < len(tokens) else None
    if left and not left.kept:
        return True
    belongs_left = left is not None and (left.after != " " or len(tokens[index].text) < 3)
    return bool(right and not right.kept) and not belongs_left


def _is_quantity(digits: str, before: list[str], unit: bool) -> bool:
    """Return whether a number of four digits is a measured quantity."""
    if len(digits) > 4:
        return False
    year = _YEARS.fullmatch(digits) is not None
    if before and before[-1] in terms("times" if year else "quantities"):
        return True
    if unit and not year:
        return True
    known = any(item in terms("diffusion") or re.fullmatch(r"b\d{1,4}", item) for item in before)
    return known and _ROUND.fullmatch(digits) is not None and digits not in ("1950",)
