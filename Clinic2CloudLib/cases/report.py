"""The page a person reads about a case: what was done, what was not, and what is still to do.

The page stands in the case folder, beside the pictures it shows, and stays in the clinic with
them: the pictures before de-identification show the face. It holds no script and asks nothing of
the network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import atomic
from .case import INSTANCES, Case, load_case

REPORT_FILE = "report.html"

#: What each state means to the person who has the case in front of them.
STATES: Mapping[str, str] = {
    "deidentified": "The second look and a person's review are still to come. "
    "It cannot leave the clinic yet.",
    "verified": "De-identified and checked by a second reader; a person has to look at it. "
    "It cannot leave the clinic yet.",
    "approved": "A person approved it. It may be sent, exactly as it stands here.",
    "rejected": "A person rejected it. It does not leave the clinic.",
    "queued": "Approved and waiting to be sent.",
    "uploaded": "Approved and sent; the receiver confirmed every image.",
    "processing": "Approved and sent; the pipeline is at work on it.",
    "done": "Approved, sent and processed; the results are back or ready to be fetched.",
    "failed": "Approved; sending or processing it failed.",
}
#: How alarming a state is, for its colour.
TONES: Mapping[str, str] = {"rejected": "bad", "failed": "bad", "deidentified": "wait"} | {
    "verified": "wait"
}

#: Action in ``case.json`` to its title and its meaning, in the order of the page.
ACTIONS: Mapping[str, tuple[str, str]] = {
    "removed": ("Removed", "taken out altogether"),
    "emptied": ("Emptied", "left in place without a value, because the format asks for them"),
    "replaced": ("Replaced", "given another value: UIDs, pseudonyms, dummy texts"),
    "shifted": ("Dates and times moved", "all of one patient by the same secret interval"),
    "cleaned": ("Changed", "free text and structures cleaned of what identifies"),
    "kept": ("Kept", "left as they were: technique, geometry, pixels' description"),
}

#: Images whose painted boxes are listed on the page; of a longer series case.json has the rest.
MOST_PLACES = 200

FACE_WORDS: Mapping[str, str] = {
    "found": "A face was found and taken away.",
    "uncertain": "There seems to be a face, but the finder is not sure: look at the pictures.",
    "no_face": "This is a head whose field of view holds no face; nothing was changed.",
    "no_head": "This is not a head; nothing was changed.",
    "already_removed": "The face had been removed before; nothing was changed.",
}
METHOD_WORDS: Mapping[str, str] = {
    "smooth": "carved and filled to a smooth, randomly bumped surface",
    "reface": "replaced by an average face",
    "remove": "replaced by background",
    "none": "nothing was changed",
}


def write_report(case_folder: Path) -> Path:
    """Write a case's ``report.html`` from its ``case.json``; again after each change of state.

    Parameters
    ----------
    case_folder : Path
        Holds ``case.json`` and the pictures it names. Pictures that are gone (a policy may have
        them deleted after the review) are said to be gone.

    Returns
    -------
    Path
        The page. The same case gives the same bytes.

    Raises
    ------
    InputError
        When the folder is no case.
    OutputError
        When the page cannot be written.
    """
    page = render_report(load_case(case_folder))
    path = case_folder / REPORT_FILE
    atomic.write_bytes(path, page.encode("utf-8"))
    return path


def render_report(case: Case) -> str:
    """Return the page as HTML text."""
    from importlib import resources

    from jinja2 import Environment, StrictUndefined

    source = resources.files(__package__).joinpath(REPORT_FILE).read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(**_facts(case))


def _facts(case: Case) -> dict[str, Any]:
    """Gather what the template shows, in words and in the order of the page."""
    return {
        "case": case,
        "state": "De-identified" if case.state == "deidentified" else case.state.capitalize(),
        "state_words": STATES[case.state],
        "tone": TONES.get(case.state, "good"),
        "images": len(case.instances),
        "frames": sum(item.frames for item in case.instances),
        "megabytes": sum(item.bytes for item in case.instances) / 1e6,
        "pictures": _pictures(case),
        "actions": _actions(case),
        "kept_text": _kept_text(case),
        "codes": case.headers.get("codes", []),
        "face": _face(case),
        "text": _text(case),
        "verification": _verification(case),
        "review": _review(case),
        "policy": json.dumps(case.policy, indent=2, sort_keys=True, ensure_ascii=False),
        "digest_command": f"sha256sum {INSTANCES}/*.dcm | LC_ALL=C sort | sha256sum",
    }


def _pictures(case: Case) -> dict[str, Any] | None:
    """Paths of the pictures that are there, relative to the page; None when none were made."""
    preview = case.preview
    if not preview:
        return None

    def there(name: str | None) -> str | None:
        if not name:
            return None
        path = (case.folder / name).resolve()
        inside = path.is_relative_to(case.folder.resolve())
        return name if inside and path.is_file() else None

    sheet = there(preview.get("sheet"))
    singles = [there(view["after"]) for view in preview.get("views", [])]
    slices = there(preview.get("slices"))
    return {
        "sheet": sheet,
        "slices": slices if slices != sheet else None,
        "after": [] if sheet else [name for name in singles if name],
        "surface": bool(preview.get("views")),
        "slices_only": bool(preview.get("slices")) and not preview.get("views"),
    }


def _actions(case: Case) -> list[dict[str, Any]]:
    """One entry for each kind of change, with the attributes by their names in the dictionary."""
    done: Mapping[str, Mapping[str, int]] = case.headers.get("actions", {})
    names = [*ACTIONS, *sorted(set(done) - set(ACTIONS))]
    listed = []
    for name in names:
        counts = done.get(name, {})
        title, meaning = ACTIONS.get(name, (name.capitalize(), "see the policy"))
        rows = [
            {"name": _plain_name(keyword), "keyword": keyword, "count": count}
            for keyword, count in sorted(counts.items(), key=lambda item: _plain_name(item[0]))
        ]
        total = sum(counts.values())
        listed.append({"title": title, "meaning": meaning, "rows": rows, "total": total})
    return listed


def _plain_name(keyword: str) -> str:
    """Return an attribute's name as the standard prints it, or the keyword itself."""
    from pydicom.datadict import dictionary_description, tag_for_keyword

    tag = tag_for_keyword(keyword)
    return dictionary_description(tag) if tag is not None else keyword


def _kept_text(case: Case) -> list[dict[str, str]]:
    return [
        {"name": _plain_name(item["attribute"]), "text": item["text"]}
        for item in case.headers.get("kept_text", [])
    ]


def _face(case: Case) -> dict[str, Any] | None:
    if case.face is None:
        return None
    face = case.face
    status = face["status"]
    return {
        "words": FACE_WORDS.get(status, status),
        "tone": {"uncertain": "wait"}.get(status, "good"),
        "method": METHOD_WORDS.get(face.get("method", "none"), face.get("method", "none")),
        "finder": face.get("finder", ""),
        "voxels": face.get("voxels", 0),
        "share": face.get("share", 0.0),
        "confidence": face.get("confidence"),
        "reasons": face.get("reasons", []),
        "check": face.get("check"),
    }


def _text(case: Case) -> dict[str, Any]:
    text = case.text or {}
    status, boxes = text.get("status", "not recorded"), text.get("boxes", 0)
    words = {
        "not at risk": "Images of this kind seldom carry burned-in text; they were not searched.",
        "none found": "The images were searched and no burned-in text was found.",
        "painted over": f"Text was found and painted over in {boxes} "
        f"{'place' if boxes == 1 else 'places'}.",
        "not checked": "Burned-in text was NOT looked for: look at the images yourself.",
    }.get(status, f"Burned-in text: {status}.")
    tone = "wait" if status in ("not checked", "not recorded") else "good"
    return {"words": words, "tone": tone, "boxes": boxes, "reason": text.get("reason", "")} | {
        "places": text.get("places", [])[:MOST_PLACES]
    }


def _verification(case: Case) -> dict[str, Any]:
    found = case.verification
    if found is None:
        words = "The second look has not been made yet."
        return {"words": words, "tone": "wait", "checks": [], "findings": []}
    findings, checks = found.get("findings", []), found.get("checks", [])
    if found.get("ok"):
        words = "A second reader, independent of the first, found nothing to object to."
        return {"words": words, "tone": "good", "checks": checks, "findings": findings}
    count = f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}"
    words = f"The second look has {count}: this case can only be rejected."
    return {"words": words, "tone": "bad", "checks": checks, "findings": findings}


def _review(case: Case) -> dict[str, Any] | None:
    review = case.review
    if review is None:
        return None
    return {
        "words": {"approved": "Approved", "rejected": "Rejected"}.get(
            review["decision"], review["decision"]
        ),
        "tone": "good" if review["decision"] == "approved" else "bad",
        "reviewer": review["reviewer"],
        "at": review["at"],
        "note": review.get("note", ""),
        "stands": review["digest"] == case.digest,
    }
