"""Two pieces of work at a time, where neither needs what the other finds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

One = TypeVar("One")
Other = TypeVar("Other")


def both(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """Return what two functions return, the second run in a thread beside the first.

    NumPy, SciPy, SimpleITK and torch let go of Python's lock while they compute, so on two cores
    this takes as long as the longer one. The thread is gone when this returns: a process forked
    later misses nothing. Neither function may draw random numbers that the other draws as well.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="clinic2cloud-face") as pool:
        beside = pool.submit(other)
        return one(), beside.result()
