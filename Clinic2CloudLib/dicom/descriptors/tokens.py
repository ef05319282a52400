"""A descriptor taken apart into words and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .words import fold, names, spellings

_TOKEN = re.compile(r"\d+(?:[.,]\d+)+[^\W_]*|[^\W_]+(?:['’][^\W_]+)*")


@dataclass
class Token:
    """A word or number of a descriptor on its way through the rules."""

    text: str
    start: int
    stop: int
    after: str = ""  # what stands between it and the next one
    kept: bool = True
    name: bool = False  # removed, and perhaps the part of a name

    @property
    def folded(self) -> str:
        """Without case and accents."""
        return fold(self.text)


def tokens_of(text: str) -> list[Token]:
    """Split a text into words and numbers."""
    tokens = [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        token.after = text[token.stop : following.start if following else len(text)]
    return tokens


def is_ambiguous(token: Token) -> bool:
    """Return whether a token is a name as well."""
    return not spellings(token.text).isdisjoint(names())
