"""A dictionary attack on pseudonyms of 8-digit patient numbers, without and with the key."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms

from .. import table
from .slices import KEY

#: Keys that somebody who reads our source would try first.
_GUESSED = (bytes(32), b"\xff" * 32, b"clinic2cloud".ljust(32, b"\0"), b"0123456789abcdef" * 2)


def run(candidates: int) -> None:
    """Try candidate numbers, the right ones among them, and print what is found."""
    victims = [f"{20_000_000 + 7919 * n:08d}" for n in range(50)]
    ours = Pseudonyms(KEY)
    published = {ours.patient_id(number): number for number in victims}
    numbers = victims + [f"{n * 331 % 100_000_000:08d}" for n in range(candidates)]
    guesses: dict[str, Callable[[str], set[str]]] = {
        "unkeyed hashes (MD5, SHA-1, SHA-256)": _hashes,
        "our own code with guessed keys": _with_keys([Pseudonyms(key) for key in _GUESSED]),
        "control: our own code with the clinic's key": _with_keys([Pseudonyms(KEY)]),
    }
    rows = [("attack", "numbers tried", "of 50 found", "all 8-digit numbers would take")]
    for name, guess in guesses.items():
        began, found = time.perf_counter(), 0
        for number in numbers:
            found += any(published.get(new) == number for new in guess(number))
        seconds = time.perf_counter() - began
        hours = seconds / len(numbers) * 10**8 / 3600
        rows.append((name, str(len(numbers)), str(found), f"{hours:.1f} h"))
    print("\na dictionary attack on the pseudonyms of 50 patients")
    table(rows)


def _with_keys(keyed: list[Pseudonyms]) -> Callable[[str], set[str]]:
    return lambda number: {one.patient_id(number) for one in keyed}


def _hashes(number: str) -> set[str]:
    """Return what common unkeyed schemes make of a number, in the forms they are written in."""
    found = set()
    for name in ("md5", "sha1", "sha256"):
        text = hashlib.new(name, number.encode()).hexdigest()
        found |= {text, text.upper(), text[:16], text[:16].upper(), text[:8].upper()}
    return found
