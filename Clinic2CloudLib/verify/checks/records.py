"""No token of the source in what goes with the instances: case.json, the report, the pictures."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from pydicom._dicom_dict import DicomDictionary

from ...cases.case import CASE_FILE
from ..model import CaseView, Finding
from ..payloads import png_text
from ..words import defined_terms
from .files import REPORT, pictures

RECORD_LEAK, PICTURE = "record-leak", "picture-metadata"

#: Said by the reviewer or the site, after the source and apart from it.
_NOT_FROM_SOURCE = ("review", "transfers", "verification", "policy", "software")
#: Said by the program in its own words, which a patient's name may happen to be.
_OWN_WORDS = ("not_claimed", "needs_review", "face", "text", "state", "modality")
_STYLE = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")


def check_records(view: CaseView) -> Iterator[Finding]:
    """Search case.json and the report's text."""
    folder = view.case.folder
    try:
        record = json.loads((folder / CASE_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        yield Finding(RECORD_LEAK, CASE_FILE, "it cannot be read")
        return
    said = {name: value for name, value in record.items() if name not in _NOT_FROM_SOURCE}
    own = {name: said.pop(name, None) for name in _OWN_WORDS}
    headers = dict(said.pop("headers", None) or {})
    facts = [said, headers.pop("kept_text", None)]
    own["headers"] = [headers, list(headers.get("actions", ()))]
    program = _words("\n".join(_leaves(own))) | _template_words() | defined_terms()
    yield from _found(view, CASE_FILE, "\n".join(_leaves(facts)), frozenset())
    yield from _found(view, CASE_FILE, "\n".join(_leaves(own)), program)
    if (folder / REPORT).is_file():
        page = _STYLE.sub(" ", (folder / REPORT).read_text("utf-8", "replace"))
        shown = "\n".join((_TAGS.sub(" ", page), *_TAGS.findall(page)))
        yield from _found(view, REPORT, html.unescape(shown), program)


def check_pictures(view: CaseView) -> Iterator[Finding]:
    """Search what a picture's file holds besides the picture."""
    for name in pictures(view.case):
        path = view.case.folder / name
        if not path.is_file():
            continue
        for chunk in png_text(path.read_bytes()):
            for needle, _ in view.scanner.in_text(chunk):
                text = f"{needle.token.describe()} stands in the picture's metadata"
                yield Finding(PICTURE, name, text)


def _found(view: CaseView, file: str, text: str, own: frozenset[str]) -> Iterator[Finding]:
    """Yield the tokens in a record's text that are not the program's own words."""
    for needle, _ in view.scanner.in_text(text.encode("utf-8", "surrogatepass")):
        token = needle.token
        if token.kind != "word" or not _words(token.text) <= own:
            yield Finding(RECORD_LEAK, file, f"{token.describe()} stands in it")


def _words(text: str) -> frozenset[str]:
    """Return the words of a text in capitals."""
    return frozenset(word.upper() for word in _WORD.findall(text))


@functools.cache
def _template_words() -> frozenset[str]:
    """Return the words that every report has, and those of which attributes' names are made.

    What stayed of the source's own text stands in ``case.json`` as well, where it is searched for
    these words too.
    """
    template = (resources.files("Clinic2CloudLib.cases") / "report.html").read_text("utf-8")
    names = (f"{entry[2]} {_CAMEL.sub(' ', entry[4])}" for entry in DicomDictionary.values())
    return _words("\n".join((template, *names)))


def _leaves(value: Any) -> Iterator[str]:
    """Yield the strings in a record, names of entries not among them."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
