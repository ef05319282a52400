"""Free text: through the cleaner, and without what the header itself gives away."""

from __future__ import annotations

import re
from typing import Any

from . import tables
from .charset import decode, encode
from .dummies import REMOVED, fall_back
from .identifiers import Known
from .rules import Rule
from .uids import holds_uid, without_uids
from .work import Later, Level, Work

__all__ = ["Cleaning"]

_CACHED = 1 << 11
_FREE = frozenset(("LO", "SH", "ST", "LT", "UT", "UC"))
_ONE_VALUE = frozenset(("ST", "LT", "UT"))
_UID = re.compile(r"(?<![\d.])[0-2](?:\.\d+){5,}(?![\d.])")
_LOOKS_IDENTIFYING = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|https?://\S+|\b\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|\+?\d[\d ()/-]{6,}\d"
)
_LONGEST = {"SH": 16, "LO": 64, "CS": 16, "AE": 16}
#: Words that other attributes depend on; a patient of that name must not break the image.
_STRUCTURAL = tables.group("structural")
#: A vendor's or vocabulary's own words: an institution may share one.
_VENDOR = tables.group("vendor")


class Cleaning:
    """Cleans text with a cleaner that knows the header's identifiers.

    Parameters
    ----------
    cleaner : DescriptorCleaner or None
        Told with each text what the header knows. Without one, free text that the profile does not
        list loses what has the shape of a date, a number of a person, a telephone or an address.
    """

    def __init__(self, cleaner: Any | None) -> None:
        self.cleaner = cleaner
        self._texts: dict[Any, str] = {}
        self._shown: dict[Any, tuple[tuple[str, str], ...]] = {}

    def cleaned(self, work: Work, later: Later, known: Known) -> bytes:
        """Return an element of cleaned text, or what the profile writes without its text."""
        rule = later.rule
        text = decode(later.value, later.charset)
        new = None if text is None else self._clean_text(text, rule, known)
        if new is not None and new == text:
            work.seen.append(rule.note("kept" if new else "emptied"))
            work.texts.append((rule, later.value, later.charset))
            return rule.element(later.value)
        if not new:
            return fall_back(work, rule)
        value = encode(new, later.charset)
        if value is None:
            return fall_back(work, rule)
        work.seen.append(rule.note("cleaned"))
        work.texts.append((rule, value, later.charset))
        return rule.element(value)

    def checked(self, work: Work, level: Level, rule: Rule, raw: bytes) -> bytes | None:
        """Return a kept element without tokens; None when there is none in it."""
        known = work.known
        structural = rule.keyword in _STRUCTURAL
        if known is None or not raw or (structural and rule.vr != "CS"):
            return None
        text = decode(raw, level.charset)
        if text is None:
            text = raw.decode("latin-1")
        if structural and not _holds_number(text, known):
            return None
        if rule.vr in ("DS", "IS", "CS", "AS"):
            return self._checked_parts(work, rule, text, known)
        if rule.vr in ("OB", "UN", "OW"):
            return fall_back(work, rule) if known.in_payload(raw) else None
        if rule.vr not in _FREE and rule.vr != "UR":
            return None
        new = self._without(text, rule, known, work)
        if new == text:
            return None
        value = encode(new, level.charset)
        if not value:
            return fall_back(work, rule) or rule.element(b"")
        work.texts.append((rule, value, level.charset))
        return rule.element(value)

    def holds_token(self, work: Work, raw: bytes, charset: bytes) -> bool:
        """Return whether a text holds a token or a replaced UID."""
        known = work.known
        if known is None:
            return False
        text = decode(raw, charset)
        if text is None:
            text = raw.decode("latin-1")
        named = known.pattern is not None and known.pattern.search(text) is not None
        return named or holds_uid(raw, work.uids)

    def kept_text(self, work: Work) -> tuple[tuple[str, str], ...]:
        """Return the text that stays, each once, for a person to look through."""
        key = tuple(work.texts)
        found = self._shown.get(key)
        if found is None:
            if len(self._shown) >= 256:
                self._shown.clear()
            shown = {
                (rule.keyword, (decode(raw, charset) or raw.decode("latin-1")).strip())
                for rule, raw, charset in work.texts
            }
            found = self._shown[key] = tuple(sorted(pair for pair in shown if pair[1]))
        return found

    def _clean_text(self, text: str, rule: Rule, known: Known) -> str:
        """Return a text cleaned, every value of it."""
        values = [text] if rule.vr in _ONE_VALUE else text.split("\\")
        return "\\".join(self._clean_value(value, rule, known) for value in values).strip("\\ ")

    def _clean_value(self, text: str, rule: Rule, known: Known) -> str:
        """Return one value cleaned: by the cleaner, then without tokens and UIDs."""
        key = (text, known, rule.vr)
        found = self._texts.get(key)
        if found is not None:
            return found
        new = text
        if self.cleaner is not None:
            new = self.cleaner.clean(text, known.values).text
        else:
            new = _LOOKS_IDENTIFYING.sub(" ", new)
        new = _UID.sub("", known.without(new, weak=True))
        new = new[: _LONGEST.get(rule.vr, len(new))]
        if len(self._texts) >= _CACHED:
            self._texts.clear()
        self._texts[key] = new
        return new

    def _without(self, text: str, rule: Rule, known: Known, work: Work) -> str:
        """Return a kept text without tokens, and without UIDs of this instance."""
        values = [text] if rule.vr in _ONE_VALUE else text.split("\\")
        weak = rule.keyword not in _VENDOR
        new = "\\".join(known.without(value, weak) for value in values)
        return without_uids(new, work.uids)

    def _checked_parts(self, work: Work, rule: Rule, text: str, known: Known) -> bytes | None:
        """Return a coded or numeric value without those that are an identifier as a whole."""
        parts = text.split("\\")
        new = []
        for part in parts:
            word = part.strip()
            if rule.vr == "IS" and word in known.numbers:
                digits = work.engine.pseudonyms.uid(word)[-5:]
                new.append(str(int(digits)))
            elif rule.vr == "CS" and _names(word, rule, known):
                new.append(REMOVED.decode())
            else:
                new.append(part)
        if new == parts:
            return None
        return rule.element("\\".join(new).encode("latin-1"))


def _names(word: str, rule: Rule, known: Known) -> bool:
    """Return whether a code holds a token; a structural word may be a patient's name by chance."""
    if rule.keyword in _STRUCTURAL:
        return _holds_number(word, known)
    return any(len(token) > 4 for token in _tokens_in(word, known))


def _holds_number(text: str, known: Known) -> bool:
    """Return whether a text holds a number or date of the patient."""
    return any(sum(map(str.isdigit, token)) >= 4 for token in _tokens_in(text, known))


def _tokens_in(text: str, known: Known) -> list[str]:
    return known.pattern.findall(text) if known.pattern is not None else []
