"""The one walk over an encoded data set.

Runs of elements that stay are copied as they are; only what changes is made anew. Nothing is
parsed that is not looked at, and no element is passed over: what cannot be read ends the walk.
"""

from __future__ import annotations

from typing import Any

from ...errors import NotDeidentifiableError
from .actions import Action
from .contexts import Place
from .encoding import IMPLICIT, UNDEFINED
from .plausible import refuse_swallowed
from .private import private_element, private_vr, stays
from .reorder import OutOfOrderError
from .rules import (
    BULK,
    CALL,
    DROP,
    KEEP,
    PRIVATE,
    SEQUENCE,
    TEXT,
    Mode,
    Rule,
)
from .skip import skip_undefined
from .work import Branch, Later, Level, Work

__all__ = ["walk"]

#: No honest data set nests deeper.
DEEPEST = 48
_NEVER = 1 << 34
_CHARSET = 0x00080005


def walk(
    work: Work,
    place: Place,
    pos: int,
    end: int,
    level: Level,
    delimited: bool = False,
    inserts: list[tuple[int, bytes]] | None = None,
) -> tuple[int, list[Any] | None]:
    """Walk through one data set, the top one or an item.

    Parameters
    ----------
    work : Work
        The file's walk; what is found is gathered there.
    place : Place
        Where this data set stands.
    pos, end : int
        Its bytes in ``work.raw``.
    level : Level
        Its character set and private creators.
    delimited : bool
        Whether it ends with an Item Delimitation Item.
    inserts : list of (tag, element), optional
        Elements to put in their order, the highest tag first.

    Returns
    -------
    tuple of int and list or None
        Where it ends, and the pieces of its new form; None when nothing changes.

    Raises
    ------
    NotDeidentifiableError
        When it cannot be read with certainty.
    """
    raw = work.raw
    plans, key_size, make = place.plans, place.key_size, place.plan
    seen, kept = work.seen, work.kept
    pieces: list[Any] = []
    start = run = pos
    last = -1
    mark = inserts[-1][0] if inserts else _NEVER
    closed = False
    while pos < end:
        key = raw[pos : pos + key_size]
        plan = plans.get(key)
        if plan is None:
            if place.is_top and not any(key) and not any(raw[pos:end]):
                break  # zeros after the data set
            plan = make(key)
        kind, tag, unpack, length_at, size, rule = plan
        length = unpack(raw, pos + length_at)[0]
        value = pos + size
        stop = value + length
        if tag <= last:
            raise OutOfOrderError("the elements are not in order")
        last = tag
        while tag > mark:
            if run < pos:
                pieces.append(raw[run:pos])
                kept.append(pieces[-1])
            run = pos
            pieces.append(inserts.pop()[1])  # type: ignore[union-attr]
            mark = inserts[-1][0] if inserts else _NEVER
        if length & 1:
            if length != UNDEFINED:
                out, stop = _odd(work, level, plan, pos, value, stop, end)
            elif kind == SEQUENCE:
                out, stop = _sequence(work, level, rule, pos, value, length, end)
            elif kind == PRIVATE:
                out, stop = _private(work, level, rule, pos, value, length, end)
            elif kind in (BULK, DROP):
                stop = skip_undefined(raw, value, end, _skipped(rule, kind))
                out = b""
            else:
                raise NotDeidentifiableError("an element of undefined length is no sequence")
        elif stop > end:
            raise NotDeidentifiableError("an element is longer than what holds it")
        elif kind == KEEP:
            seen.append(rule.audit)
            if length > rule.longest and (rule.longest or raw.find(b"\0", value, stop - 1) >= 0):
                refuse_swallowed(tag, rule.vr, rule.encoding, raw, value, stop)
            if tag == _CHARSET:
                level.charset = raw[value:stop]
            pos = stop
            continue
        elif kind == TEXT:
            seen.append(rule.audit)
            if length:
                if raw.find(b"\0", value, stop - 1) >= 0:
                    refuse_swallowed(tag, rule.vr, rule.encoding, raw, value, stop)
                work.texts.append((rule, raw[value:stop], level.charset))
            pos = stop
            continue
        elif kind == DROP:
            seen.append(rule.audit)
            out = b""
        elif kind == CALL:
            out = rule.handler(work, level, rule, value, stop)  # type: ignore[misc]
        elif kind == SEQUENCE:
            out, stop = _sequence(work, level, rule, pos, value, length, end)
        elif kind == BULK:
            out = b""
        elif kind == PRIVATE:
            out, stop = _private(work, level, rule, pos, value, length, end)
        else:
            if not delimited or length:
                raise NotDeidentifiableError("a sequence is malformed")
            closed = True
            break
        if out is None:
            pos = stop
            continue
        if run < pos:
            pieces.append(raw[run:pos])
            kept.append(pieces[-1])
        if kind == BULK:
            seen.append(rule.audit)
            out = memoryview(raw)[pos:stop]
            work.bulk.append((rule.tag, pos, value, stop, length == UNDEFINED, pieces, len(pieces)))
        elif length == UNDEFINED and kind == DROP:
            seen.append(rule.audit)
        if out != b"":
            pieces.append(out)
        run = pos = stop
    if delimited and not closed:
        raise NotDeidentifiableError("an item is not closed")
    if inserts:
        if run < pos:
            pieces.append(raw[run:pos])
            kept.append(pieces[-1])
        run = pos
        while inserts:
            pieces.append(inserts.pop()[1])
    after = pos + 8 if closed else pos
    if not pieces and run == start:
        return after, None
    if run < after:
        pieces.append(raw[run:after])
        kept.append(pieces[-1])
    return after, pieces


def _sequence(
    work: Work, level: Level, rule: Rule, pos: int, value: int, length: int, end: int
) -> tuple[Any, int]:
    """Return a sequence's new form (None: unchanged, empty: it goes) and its end."""
    work.depth += 1
    if work.depth > DEEPEST:
        raise NotDeidentifiableError("sequences are nested too deep")
    goes = rule.action is Action.REMOVE or rule.action is Action.EMPTY or rule.handler is not None
    mark = work.mark() if goes else ()
    stop, pieces = _items(work, level, rule, value, length, end)
    work.depth -= 1
    if goes:
        work.forget(mark)
        work.seen.append(rule.audit)
        if rule.handler is not None and length:
            return rule.handler(rule), stop
        emptied = rule.action is Action.EMPTY and length
        if rule.action is not Action.REMOVE and not length:
            return None, stop
        return (rule.element(b"") if emptied else b""), stop
    work.seen.append(rule.audit)
    if pieces is None:
        return None, stop
    if work.emptied:  # all content items went: such a sequence may not be there without any
        work.emptied = False
        return b"", stop
    defined = length != UNDEFINED
    return Branch(rule.encoding, work.raw[pos:value], defined, pieces), stop


def _items(
    work: Work, level: Level, rule: Rule, pos: int, length: int, end: int
) -> tuple[int, list[Any] | None]:
    """Walk through the items of a sequence; return its end and its pieces, None when unchanged."""
    raw = work.raw
    place = rule.child()
    encoding = place.encoding
    limit = end if length == UNDEFINED else pos + length
    pieces: list[Any] = []
    run = pos
    changed = False
    moments: dict[str, list[Later | None]] = {}
    left = 0
    closed = length != UNDEFINED
    while pos < limit:
        head = raw[pos : pos + 4]
        if pos + 8 > limit:
            raise NotDeidentifiableError("a sequence is truncated")
        size = encoding.long_at(raw, pos + 4)[0]
        if head == encoding.sequence_end and not closed:
            if size:
                raise NotDeidentifiableError("a sequence is malformed")
            pos += 8
            closed = True
            break
        if head != encoding.item:
            raise NotDeidentifiableError("a sequence is malformed")
        first = pos + 8
        delimited = size == UNDEFINED
        stop = limit if delimited else first + size
        if stop > limit:
            raise NotDeidentifiableError("an item is longer than its sequence")
        here: Place | None = place
        item = Level(level.charset)
        if place.mode is Mode.CONTENT:
            here, item.moment = place.for_item(raw, first, stop, level.charset)
            if item.moment:
                item.dates = moments
        left += here is not None
        if here is None:
            mark = work.mark()
            after, _ = walk(work, place, first, stop, item, delimited)
            work.forget(mark)
            work.seen.append(rule.note("removed"))
            inner: list[Any] | None = []
        else:
            after, inner = walk(work, here, first, stop, item, delimited)
        if inner is not None:
            if run < pos:
                pieces.append(raw[run:pos])
                work.kept.append(pieces[-1])
            if here is not None:
                pieces.append(Branch(encoding, raw[pos:first], not delimited, inner))
            changed = True
            run = after
        pos = after
    if not closed:
        raise NotDeidentifiableError("a sequence is not closed")
    work.emptied = changed and not left
    if not changed:
        return pos, None
    if run < pos:
        pieces.append(raw[run:pos])
        work.kept.append(pieces[-1])
    return pos, pieces


def _odd(
    work: Work, level: Level, plan: Any, pos: int, value: int, stop: int, end: int
) -> tuple[Any, int]:
    """Treat an element of odd length, which no writer may make: what stays of it is padded."""
    kind, _, _, _, _, rule = plan
    if stop > end:
        raise NotDeidentifiableError("an element is longer than what holds it")
    if kind == SEQUENCE:
        raise NotDeidentifiableError("a sequence is malformed")
    if kind == PRIVATE:
        return private_element(work, level, rule, private_vr(work, level, rule), value, stop), stop
    if kind == CALL:
        out = rule.handler(work, level, rule, value, stop)
        return (rule.element(work.raw[value:stop]) if out is None else out), stop
    work.seen.append(rule.audit)
    if kind == DROP:
        return b"", stop
    if kind != BULK and stop - value > rule.longest:
        refuse_swallowed(rule.tag, rule.vr, rule.encoding, work.raw, value, stop)
    body = work.raw[value:stop]
    if rule.tag == _CHARSET:
        level.charset = body
    if kind == TEXT:
        work.texts.append((rule, body, level.charset))
    out = rule.element(body)
    if kind != BULK:
        work.kept.append(out)
    return out, stop


def _private(
    work: Work, level: Level, rule: Rule, pos: int, value: int, length: int, end: int
) -> tuple[Any, int]:
    """Return what is written in a private element's place, and its end."""
    vr = private_vr(work, level, rule)
    if vr == "SQ":
        out, stop = _sequence(work, level, rule.as_sequence(), pos, value, length, end)
        stays(level, rule)
        return out, stop
    if length == UNDEFINED:
        work.seen.append(rule.audit)
        return b"", skip_undefined(work.raw, value, end, _skipped(rule, PRIVATE))
    if vr is None and (not work.engine.private or rule.tag & 0xFFFF > 0xFF):
        work.seen.append(rule.audit)
        return b"", value + length
    return private_element(work, level, rule, vr, value, value + length), value + length


def _skipped(rule: Rule, kind: int) -> Any:
    """Return the encoding inside an element that is passed over as a whole."""
    return IMPLICIT if rule.vr == "UN" and kind != BULK else rule.encoding
