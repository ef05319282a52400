"""What a cloud offers to run, asked of the server itself (``GET {base}/pipelines``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import CloudError
from .destination import Destination
from .retry import RetryPolicy
from .service import Service


@dataclass(frozen=True)
class OfferedOption:
    """One setting of an offered pipeline; ``kind`` is bool, int, float, text or choice."""

    name: str
    kind: str
    default: Any
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Offer:
    """A pipeline as the server tells it."""

    name: str
    title: str
    description: str
    options: tuple[OfferedOption, ...] = ()


class _Offers(Service):
    """A connection that asks for the offers."""

    def ask(self) -> tuple[Offer, ...]:
        answer = self.patience.keep_trying(lambda: self._http.send("GET", "/pipelines"), None)
        if answer.status_code == 404:  # a plain DICOMweb server keeps images and runs nothing
            return ()
        if answer.status_code != 200:
            raise CloudError(self._refusal("refuses to list its pipelines", answer))
        try:
            return tuple(_offer(record) for record in answer.json())
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CloudError(f"{self._host} lists its pipelines in a form not known here") from None


def list_pipelines(
    destination: Destination, *, policy: RetryPolicy | None = None
) -> tuple[Offer, ...]:
    """Return what a server offers to run; nothing where it only keeps images.

    Raises
    ------
    CloudError
        When the server is down, refuses the token, or answers in a form that is not known.
    """
    with _Offers(destination, policy=policy) as service:
        return service.ask()


def _offer(record: Mapping[str, Any]) -> Offer:
    return Offer(
        name=str(record["name"]),
        title=str(record.get("title") or record["name"]),
        description=str(record.get("description", "")),
        options=tuple(
            OfferedOption(
                name=str(option["name"]),
                kind=str(option["kind"]),
                default=option.get("default"),
                choices=tuple(str(choice) for choice in option.get("choices", ())),
                help=str(option.get("help", "")),
            )
            for option in record.get("options", ())
        ),
    )
