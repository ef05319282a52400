"""Which single words of a descriptor are safe: vocabulary, or the shape of a technical term.

Whatever is neither is unknown and goes: nobody can list all names, but what a scanner and a
radiographer write is a small language.
"""

from __future__ import annotations

import functools
import re

from .words import fold, names, spellings, terms, vocabulary, word_list

_UNIT = (
    r"(?:mm2?|cm|um|ms|sec|secs|s|min|mins|hz|khz|kv|kvp|kev|ma|mas|t|ml|cc|mg|ppm|hu|deg|dir|dirs|"
    r"ch|pct|x|d|st|nd|rd|th|pl|sl|mbq|gy|v)"
)
_NUMBER = r"\d{1,3}(?:[.,]\d{1,3})?"
#: Shapes of technical terms, on folded text.
_SHAPES = re.compile(
    "|".join(
        (
            rf"{_NUMBER}{_UNIT}?",  # 3, 0.9, 3mm, 1.5t, 2nd, 3d, 12ch
            r"[1-4]\d{3}(?:ms|hz)",  # 2500ms
            rf"{_NUMBER}(?:x{_NUMBER}){{1,2}}(?:mm|cm)?",  # 1x1x1mm, 256x256
            r"1024x1024|2048x2048",
            r"t[12](?:w|wi|ce|c|gd|star|fs|fse|tse|se|ir|map)?\d?",
            r"(?:c0?[1-8]|(?:t|th|d)(?:0?\d|1[0-2])|l0?[1-6]|s0?[1-5])"
            r"(?:(?:c|t|th|d|l|s)\d{1,2})?",  # vertebrae: C2, T12, L4L5
            r"[hbijdutqvn][rvfchpul]?\d{2}[fshmud]?\d?",  # kernels: B30f, Br64, H31s, I50f3
            r"(?:te|td|fa|b|fov|venc|thk|sl|bw|kv|mas|ww|wl)\d{1,3}(?:[.,]\d)?(?:ms|mm)?",
            r"(?:tr|ti)\d{1,4}(?:ms)?",
            r"b[1-5]\d[05]0",
            r"(?:p|s|r|x|g|mb|sms|pat|ipat|grappa|sense|cs|caipi|nex|nsa|etl|accel)\d{1,2}(?:[x.]\d)?",
            r"(?:ph|phase|pha|dyn|echo|e|scan|run|vol|slab|ser|series|se|seq|im|img|fl|ep|tfi|pos|st|"
            r"stack|bed|v|ch|tt|asir|admire|safire|idose|s)\d{1,3}",
            r"(?:asir|asirv|admire|safire|idose|aidr)v?\d{1,3}",
            r"\d{1,2}(?:st|nd|rd|th|er|eme|a|o|te)",
            r"[smeqdh](?:t[12]w?i?|[23]d)|\d{0,2}tfl[23]d\d?|\d{1,3}ns",
            r"[1-6]ch|ax[1-9]?|mpr[a-z]?\d?",
            r"tof\d?d?|ep2d(?:diff|dwi|bold|se|pasl|fid|adc|tra)?|fl[23]d\d?|b\d{2,3}0?(?:b\d{2,3}0?){1,3}",
            r"i+v?|vi{0,3}|i?x",
        )
    )
)
#: Medicine makes its words from endings that no family is named by, behind a stem long enough.
_MEDICAL = re.compile(
    r"[a-z]{3,16}(?:ectomy|ostomy|otomy|oscopy|oscopie|skopie|graphy|graphie|grafie|grafia|graphic|"
    r"ogram|ogramm|ogramme|plasty|plastie|pathy|pathie|patia|ology|ologie|ologia|ological|itis|osis|iasis|"
    r"plasia|plasie|trophy|trophie|trofia|algia|algie|lithiasis|megaly|megalie|ectasia|ectasie|"
    r"ectasis|plegia|paresis|cardiogram|sclerosis|stenosis|lysis|centesis|therapy|therapie)"
    r"|(?:[a-z]{2,12})?(?:aden|carcin|sarc|fibr|lip|oste|chondr|gli|mening|angi|myx|terat|melan|lymph|"
    r"blast|neur|schwann|xanth|cytom|ependym|myel|granul|hemat|haemat)oma[st]?"
)
_ENDINGS = ("s", "es", "ed", "ing")
_SHORTEST_BASE = 5
_SMALL = re.compile(r"[1-9]?\d{0,2}")

_ELISION = re.compile(r"(?:l|d|qu|dell|nell|all|sull|dall|un)['’](?=\w)")
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\d_A-Z])")
_SHORTEST_OF_COMPOUND = 4
_LINKS = ("", "s", "n", "en", "es", "o")


def is_word(word: str) -> bool:
    """Return whether one spelling of a word is radiology vocabulary."""
    return not vocabulary().isdisjoint(spellings(word))


@functools.lru_cache(1 << 16)
def is_safe(token: str) -> bool:
    """Return whether a token may stay, taken by itself.

    Parameters
    ----------
    token : str
        A run of letters and digits as written, a decimal point or an apostrophe inside allowed.
    """
    if is_word(token):
        return True
    folded = fold(token)
    if not folded.isascii():
        return False
    if _SHAPES.fullmatch(folded):
        return True
    if _MEDICAL.fullmatch(folded) and folded not in names():
        return True
    elided = _ELISION.match(folded)
    if elided:
        return is_word(folded[elided.end() :])
    return all(is_word(part) or _is_small(part) for part in parts_of(token)) or (
        _is_run_on(folded) or _is_inflected(folded) or len(compound_parts(token)) > 1
    )


def has_shape(token: str) -> bool:
    """Return whether a token has the shape of a technical term, whatever is beside it."""
    return _SHAPES.fullmatch(fold(token)) is not None


@functools.lru_cache(1 << 16)
def parts_of(token: str) -> tuple[str, ...]:
    """Split where letters meet digits and where a capital begins a word: ``AAHeadScout32``.

    A token that would fall into many short parts is left whole: ``MaNoEl`` is no three words.
    """
    parts = [piece for part in _PARTS.findall(token) for piece in _CAMEL.sub(" ", part).split(" ")]
    words = [part for part in parts if not part.isdigit()]
    digits = sum(len(part) for part in parts if part.isdigit())
    if len(parts) > 5 or digits > 3 or not words or any(len(word) < 2 for word in words):
        return (token,)
    if len(words) > 1 and max(map(len, words)) < 3:
        return (token,)
    return tuple(parts)


@functools.lru_cache(1 << 14)
def compound_parts(token: str) -> tuple[str, ...]:
    """Split a German compound of two vocabulary words (``Schultergelenk``), or return it whole.

    The second word must be German, and the first no adjective: Whitehead, Lightfoot and Kurzhals
    are people.
    """
    if not token.isalpha() or not spellings(token).isdisjoint(names()):
        return (token,)
    german = word_list("words_german.txt") & vocabulary()
    for form in spellings(token):
        for cut in range(_SHORTEST_OF_COMPOUND, len(form) - _SHORTEST_OF_COMPOUND + 1):
            for link in _LINKS:
                first, second = form[: cut - len(link)], form[cut:]
                if (
                    len(first) >= _SHORTEST_OF_COMPOUND
                    and form[:cut].endswith(link)
                    and second in german
                    and first in vocabulary() - terms("no_compounds")
                ):
                    return (first, second)
    return (token,)


def _is_inflected(folded: str) -> bool:
    """Return whether a word is one of the vocabulary with a common prefix or English ending."""
    if not folded.isalpha() or folded in names():
        return False
    bases = [folded[len(p) :] for p in terms("prefixes") if folded.startswith(p)]
    bases += [folded[: -len(s)] for s in _ENDINGS if folded.endswith(s)]
    return any(len(base) >= _SHORTEST_BASE and base in vocabulary() for base in bases)


def _is_small(part: str) -> bool:
    """Return whether a run of digits is short enough to say nothing of a person."""
    return part.isascii() and _SMALL.fullmatch(part) is not None


def _is_run_on(folded: str) -> bool:
    """Return whether a token is technical terms written without gaps, one of them a sequence."""
    reachable: dict[int, bool] = {0: False}  # position -> whether a sequence's name was among them
    for start in range(len(folded)):
        if start not in reachable:
            continue
        for end in range(start + 2, min(start + 10, len(folded)) + 1):
            piece = folded[start:end]
            if piece in terms("run_on"):
                core = reachable[start] or piece in terms("run_on_sequences")
                reachable[end] = reachable.get(end, False) or core
    return reachable.get(len(folded), False)
