"""Callbacks for VTK that hold nobody alive.

A node, its observer and the closure that is called refer to each other in a circle. Python's
collector sees that circle, but not that C++ still holds the node: it empties the closure, and the
next event calls what is no more, which ends the process. A callback that knows its owner only
weakly is in no circle.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class Weakly:
    """Calls a method without arguments for as long as its object lives."""

    def __init__(self, method: Callable[[], Any]) -> None:
        self._method = weakref.WeakMethod(method)

    def __call__(self, *_: Any) -> None:
        method = self._method()
        if method is not None:
            method()
