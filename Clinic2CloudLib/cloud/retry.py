"""How long a broken line is put up with: exponential backoff with jitter, up to a budget."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..errors import CloudError
from ..progress import Progress, silent

_T = TypeVar("_T")

#: A cancel is noticed within this time also while waiting, in seconds.
TICK = 0.25


class TemporaryError(CloudError):
    """Trouble that may pass: a broken line, a busy server, an answer cut short.

    Attributes
    ----------
    retry_after : float or None
        Seconds the server asked to be left alone, where it said so.
    """

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """How patient a client is; all in seconds.

    Attributes
    ----------
    budget : float
        Longest time without any success; any success starts it anew.
    before_contact : float
        The same until the server has answered for the first time: a wrong address or a server
        that is down is told to the user soon.
    first, longest : float
        The first pause and the longest one; each is twice the one before, then scaled at random
        to between a half and the whole, so that many clients do not come back at once.
    """

    budget: float = 900.0
    before_contact: float = 8.0
    first: float = 0.5
    longest: float = 30.0


class Patience:
    """Keeps count of one client's retries; ``contact`` when the server is known to answer."""

    def __init__(self, policy: RetryPolicy, *, contact: bool = False) -> None:
        self.policy = policy
        self._contact = contact
        self._since: float | None = None
        self._pause = policy.first

    def succeeded(self) -> None:
        """Note that the server did what it was asked."""
        self._contact = True
        self._since = None
        self._pause = self.policy.first

    def wait(self, error: TemporaryError, progress: Progress, fraction: float = 0.0) -> None:
        """Sleep before the next try.

        Parameters
        ----------
        error : TemporaryError
            What went wrong.
        progress : Progress
            Told why nothing moves; it may raise Cancelled.
        fraction : float
            How far the work had come.

        Raises
        ------
        CloudError
            With the error's sentence, when the budget is used up.
        """
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        budget = self.policy.budget
        if not self._contact:
            budget = min(budget, self.policy.before_contact)
        pause = self._pause * random.uniform(0.5, 1.0)
        if error.retry_after is not None:
            pause = max(pause, min(error.retry_after, self.policy.longest))
        self._pause = min(self._pause * 2, self.policy.longest)
        end = now + pause
        if end > self._since + budget:
            raise CloudError(str(error)) from error
        while (left := end - time.monotonic()) > 0:
            progress(fraction, f"{error}; trying again in {left:.0f} s")
            time.sleep(min(TICK, left))

    def keep_trying(self, task: Callable[[], _T], progress: Progress | None = None) -> _T:
        """Do a task that may be repeated without harm until it succeeds or the budget ends."""
        while True:
            try:
                result = task()
            except TemporaryError as error:
                self.wait(error, progress or silent)
            else:
                self.succeeded()
                return result
