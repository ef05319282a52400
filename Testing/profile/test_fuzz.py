"""The short form of the fuzz run: the kept corpus, the seeds, and some seconds of mutations."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.fuzz.mutate import mutate
from benchmarks.fuzz.oracle import Fault, Oracle, check_output
from benchmarks.fuzz.seeds import seeds

CORPUS = Path(__file__).with_name("corpus")


def test_every_seed_is_read_and_comes_out_clean() -> None:
    oracle = Oracle()
    for number, (name, data) in enumerate(seeds(), 1):
        assert oracle.faults(data) == [], name
        assert oracle.accepted == number, name


def test_the_kept_corpus_holds() -> None:
    files = sorted(CORPUS.glob("*.dcm"))
    oracle = Oracle()
    for path in files:
        assert oracle.faults(path.read_bytes()) == [], path.name
    assert len(files) >= 24
    assert oracle.accepted >= 8 and oracle.refused >= 8  # it holds inputs of both kinds


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_refused_or_clean_in_time_and_the_same_twice(seed: int) -> None:
    rng, oracle = random.Random(seed), Oracle()
    others = [data for _, data in seeds()]
    pool = list(others)
    began = time.process_time()
    while time.process_time() - began < 2:
        data = mutate(rng.choice(pool), rng, others)
        accepted = oracle.accepted
        faults = oracle.faults(data)
        assert faults == [], data.hex()
        if oracle.accepted > accepted:
            pool.append(data)
    assert oracle.accepted > 20 and oracle.refused > 20


def test_the_oracle_sees_what_is_passed_through() -> None:
    """A check that cannot fail is none: a source handed on as it is must be seen."""
    for name, data in seeds():
        if not name.startswith("bare"):  # without file meta information no output is
            kinds = {fault.kind for fault in check_output(data, data, research=False)}
            assert kinds == {"pass-through"}, name


def test_the_oracle_sees_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    from Clinic2CloudLib.dicom.profile import HeaderDeidentifier

    def broken(self: HeaderDeidentifier, raw: bytes) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(HeaderDeidentifier, "deidentify", broken)
    faults: list[Fault] = Oracle().faults(encode_one())
    assert {fault.kind for fault in faults} == {"crash"}


def encode_one() -> bytes:
    return next(data for _, data in seeds())
