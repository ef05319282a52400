"""Titles and names, by what stands beside them."""

from __future__ import annotations

import re

from .technical import is_safe
from .tokens import Token, is_ambiguous
from .words import spellings, terms, word_list

#: After these (with the point where given) stands a person.
_TITLES = re.compile(
    r"(?:Dr|DR|dr)\.|Dr|(?:[Pp]rof|PROF)\.?|(?:Mr|MR|mr)\.|Mr|(?:M[Rr][Ss]|mrs)\.?|(?:Ms|MS|ms)\.|Ms|Miss|"
    r"Herr|HERR|Hr\.|Frau|FRAU|Fr\.|M\.|M(?:me|lle)\.?|MME|MLLE|Monsieur|Madame|Docteur|Doctor|Dott\.?(?:ssa)?|"
    r"Sra?\.|Srta\.?|Se[nñ]ora?|Sig\.(?:ra)?|Signora?|Dhr\.|Mevr\.|Sir|PD\.|Priv\.|Doz\."
)


def drop_people(tokens: list[Token], text: str) -> None:
    """Drop titles and the people behind them."""
    for index, token in enumerate(tokens):
        written = token.text + token.after[:1]
        if _TITLES.fullmatch(written) or _TITLES.fullmatch(token.text):
            if not _is_modality(token, tokens[index + 1 : index + 2]):
                token.kept, token.name = False, True
                _drop_person(tokens, index + 1, surely=True)
        elif token.folded in terms("roles"):
            labelled = token.folded in terms("labels") and token.after.strip()[:1] in (":", "=")
            _drop_person(tokens, index + 1, surely=labelled)


def _is_modality(token: Token, following: list[Token]) -> bool:
    """Return whether ``MR.``, ``Dr`` and the like are the modality and no title."""
    if not token.text.isupper() or not following:
        return False
    plain = is_safe(following[0].text) and not is_ambiguous(following[0])
    return plain or not token.after.startswith(".")


def _drop_person(tokens: list[Token], index: int, *, surely: bool) -> None:
    """Drop the words of a name that begins at ``index``."""
    while index < len(tokens) and (
        len(tokens[index].text) == 1 or _TITLES.fullmatch(tokens[index].text + ".")
    ):
        tokens[index].kept = False if surely else tokens[index].kept
        index += 1
    if index >= len(tokens):
        return
    first = tokens[index]
    if surely or is_ambiguous(first):
        first.kept, first.name = False, True
    further = tokens[index + 1 : index + 2]
    if not first.kept and further and first.after.strip() in ("", ",", "-", "^"):
        second = further[0]
        if is_ambiguous(second) or not is_safe(second.text):
            second.kept, second.name = False, True


def drop_beside_names(tokens: list[Token]) -> None:
    """Drop what is both vocabulary and part of a name where it stands beside a name."""
    for index, token in enumerate(tokens):
        if token.kept and is_ambiguous(token) and _is_beside_name(tokens, index):
            token.kept, token.name = False, True
    for token, following in zip(tokens[-2::-1], tokens[:0:-1], strict=True):
        joined = token.after.strip() in ("", "-", "'", "’", ".", "_")
        leading = token.folded in terms("leading_particles") or _is_initial(token)
        if joined and following.name and leading:
            token.kept, token.name = False, True


def _is_beside_name(tokens: list[Token], index: int) -> bool:
    """Return whether a given name or an initial makes a surname of a token, or the other way."""
    token = tokens[index]
    left = tokens[index - 1] if index else None
    right = tokens[index + 1] if index + 1 < len(tokens) else None
    neighbours = [item for item in (left, right) if item and item.name]
    if token.text.islower() and not any(item.text.islower() for item in neighbours):
        return False
    if left and (_is_initial(left) or (_is_given_name(left) and not left.kept)):
        # In "SMITH_JOHN post" John has his surname already.
        return not (index > 1 and tokens[index - 2].name and tokens[index - 2].after != ". ")
    if left and left.name and not left.kept and _is_given_name(token):
        return True
    if right is None:
        return False
    if right.kept:  # both are vocabulary: "Dixon, Ray"
        return is_ambiguous(right) and _is_given_name(token) != _is_given_name(right)
    if not _is_given_name(right):
        return False
    # In "post John Smith" John has his surname; in "Long John" he has not.
    further = tokens[index + 2] if index + 2 < len(tokens) else None
    surname = further is not None and (further.name or is_ambiguous(further))
    joined = right.after == token.after
    return "," in token.after or "^" in token.after or not (surname and joined)


def _is_initial(token: Token) -> bool:
    """Return whether a token is one letter with a point."""
    return len(token.text) == 1 and token.text.isupper() and token.after.startswith(".")


def _is_given_name(token: Token) -> bool:
    """Return whether a token is a common given name."""
    return not spellings(token.text).isdisjoint(word_list("given_names.txt"))
