"""Observing nodes so that neither side keeps the other alive, or calls what is no more."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class Observers:
    """Observes nodes until it is released, or nobody holds it any more.

    VTK's observers show Python's collector a circle (node, observer, function, object), but not
    that the scene holds the node: it may empty a closure that the next event then calls, which ends
    the application. What is registered here knows its object only weakly and is in no circle.
    """

    def __init__(self) -> None:
        self._tags: list[tuple[Any, int]] = []
        # Whoever drops its views without closing them, a script say, leaves no observer behind.
        weakref.finalize(self, _release, self._tags)

    def add(self, node: Any, event: Any, method: Callable[[], None]) -> None:
        """Call a bound method without arguments at each event."""
        self._tags.append((node, node.AddObserver(event, _Weakly(method))))

    def release(self) -> None:
        """Observe nothing any more."""
        _release(self._tags)


class _Weakly:
    """Calls a method for as long as its object lives."""

    def __init__(self, method: Callable[[], None]) -> None:
        self._method = weakref.WeakMethod(method)

    def __call__(self, *_arguments: Any) -> None:
        method = self._method()
        if method is not None:
            method()


def _release(tags: list[tuple[Any, int]]) -> None:
    while tags:
        node, tag = tags.pop()
        node.RemoveObserver(tag)
