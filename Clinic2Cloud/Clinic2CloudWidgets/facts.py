"""What a reviewer reads of a case: doubts first, then what stayed and what changed."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .section import safe

#: Painted boxes that are listed one by one.
MOST_BOXES = 40
_HEAD = '<p style="margin:6px 0 1px 0"><b>{title}</b></p>'


def stateName(state: str) -> str:
    """Return a state in the user's words."""
    names = {
        "deidentified": _("to verify and review"),
        "verified": _("to review"),
        "approved": _("approved"),
        "rejected": _("rejected"),
        "queued": _("waits to be sent"),
        "uploaded": _("sent"),
        "processing": _("at the cloud"),
        "done": _("done"),
        "failed": _("failed at the cloud"),
        "scheduled": _("waits at the cloud"),
    }
    return names.get(state, state)


def factsOf(case: Any) -> str:
    """Return the facts of a case as rich text."""
    parts = [
        *_doubts(case),
        *_verification(case),
        *_kept(case),
        *_pixels(case),
        *_headers(case),
        *_list(_("Not claimed"), case.not_claimed),
    ]
    return "".join(parts)


def whyNotApprove(case: Any, lacking: str, name: str, note: str) -> str:
    """Return what still stands between a case and its approval; empty when nothing does.

    Parameters
    ----------
    case : Case or None
        None when no case that can be decided is shown.
    lacking : str
        What still has to be looked at; empty when nothing has.
    name, note : str
        What the reviewer wrote.
    """
    if case is None:
        return _("Choose a case that waits for a decision")
    if lacking:
        return lacking
    if case.verification is not None and not case.verification["ok"]:
        return _("The second look found something; this case can only be rejected")
    if not name:
        return _("Write your name as the reviewer")
    if case.needs_review and not note:
        return _("Write a note: {why}").format(why="; ".join(case.needs_review))
    return ""


def _list(title: str, items: Any, colour: str = "") -> list[str]:
    if not items:
        return []
    style = f' style="color:{colour}"' if colour else ""
    rows = "".join(f"<li{style}>{safe(item)}</li>" for item in items)
    return [_HEAD.format(title=title), f'<ul style="margin:0 0 0 -24px">{rows}</ul>']


def _doubts(case: Any) -> list[str]:
    return _list(_("Needs a closer look"), case.needs_review, "#d9534f")


def _verification(case: Any) -> list[str]:
    found = case.verification
    if found is None:
        return _list(_("Second look"), [_("not made yet; approving makes it first")])
    if found["ok"]:
        text = _("{count} checks by an independent reader found nothing").format(
            count=len(found["checks"])
        )
        return _list(_("Second look"), [text], "#3c9d5d")
    findings = [f"{f['file']}: {f['text']}" for f in found["findings"][:50]]
    return _list(_("The second look found"), findings, "#d9534f")


def _kept(case: Any) -> list[str]:
    kept = case.headers.get("kept_text", ())
    if not kept:
        return _list(_("Free text that stayed"), [_("none")])
    rows = [f"{item['attribute']}: “{item['text']}”" for item in kept]
    return _list(_("Free text that stayed – read it"), rows)


def _pixels(case: Any) -> list[str]:
    rows = []
    face, text = case.face, case.text
    if face is None:
        rows.append(_("face: not looked for in this case"))
    else:
        rows.append(
            _("face: {status}, {method}, {voxels} voxels changed, confidence {confidence}").format(
                status=face["status"].replace("_", " "),
                method=face["method"],
                voxels=f"{face['voxels']:,}",
                confidence=face["confidence"],
            )
        )
        rows.append(_("found by: {finder}").format(finder=face["finder"]))
        rows += face["reasons"]
        check = face.get("check")
        if check:
            doubt = check["verdict"] != "changed"
            rows.append(_("face check: has doubts") if doubt else _("face check: changed"))
            rows += check["sentences"]
    if text is not None:
        found = _("burned-in text: {status}, {boxes} boxes")
        if not text["boxes"]:
            found = _("burned-in text: {status}")
        elif text["boxes"] == 1:
            found = _("burned-in text: {status}, 1 box")
        rows.append(found.format(status=text["status"], boxes=text["boxes"]))
        rows += _painted(text.get("places", ()))
    return _list(_("Pixels"), rows)


def _painted(places: Any) -> list[str]:
    """Return where text was painted over; of a long series the report has the rest."""
    boxes = [(place["file"], box) for place in places for box in place["boxes"]]
    text = _("painted over in {file}: rows {top} to {bottom}, columns {left} to {right}")
    rows = [
        text.format(
            file=file.rpartition("/")[2], top=top + 1, bottom=bottom, left=left + 1, right=right
        )
        for file, (top, left, bottom, right) in boxes[:MOST_BOXES]
    ]
    if len(boxes) > MOST_BOXES:
        rows.append(_("... and {count} more").format(count=len(boxes) - MOST_BOXES))
    return rows


def _headers(case: Any) -> list[str]:
    actions = case.headers.get("actions", {})
    rows = []
    for action in sorted(actions):
        names = actions[action]
        if action != "kept" and names:
            shown = ", ".join(list(names)[:12]) + (", ..." if len(names) > 12 else "")
            rows.append(f"{len(names)} {action}: {shown}")
    return _list(_("Headers, by attribute"), rows)
