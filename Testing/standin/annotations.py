"""What a parameter node's type hints may be annotated with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Default:
    """The value of a field that was never set."""

    value: Any


class Validator:
    """Base of what a value must satisfy."""

    def validate(self, value: Any) -> None:
        """Raise ValueError for a value that does not satisfy it."""


@dataclass(frozen=True)
class Choice(Validator):
    """One of these."""

    choices: Any

    def validate(self, value: Any) -> None:
        """Raise ValueError for any other."""
        if value not in self.choices:
            raise ValueError(f"Value '{value}' is not one of {list(self.choices)}")


@dataclass(frozen=True)
class WithinRange(Validator):
    """From a minimum to a maximum."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError outside."""
        if value is None or not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within [{self.minimum}, {self.maximum}], not {value}")


@dataclass(frozen=True)
class Minimum(Validator):
    """Not less."""

    minimum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError below."""
        if value is None or value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, not {value}")


@dataclass(frozen=True)
class Maximum(Validator):
    """Not more."""

    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError above."""
        if value is None or value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, not {value}")


@dataclass(frozen=True)
class Decimals:
    """Decimals of a spin box."""

    value: int


@dataclass(frozen=True)
class SingleStep:
    """Step of a spin box."""

    value: float
