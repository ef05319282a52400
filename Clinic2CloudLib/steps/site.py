"""What a run needs of the site: policy, key and crosswalk, gathered once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .. import paths
from ..cases.crosswalk import Crosswalk, refuse_beside_output
from ..cases.policy import Policy, load_policy
from ..cases.sitekey import load_key
from ..dicom.descriptors import DescriptorCleaner
from ..dicom.profile import HeaderDeidentifier
from ..dicom.pseudonyms import Pseudonyms
from ..errors import InputError


@dataclass(frozen=True)
class Site:
    """A site's policy and secrets. Travels to worker processes; holds no open file.

    Attributes
    ----------
    policy : Policy
        What is removed and what is kept.
    key : bytes
        The secret that UIDs, pseudonyms and date shifts depend on.
    crosswalk_path : Path
        The encrypted crosswalk, outside every output folder.
    """

    policy: Policy
    key: bytes = field(repr=False)
    crosswalk_path: Path

    def crosswalk(self) -> Crosswalk:
        """Open the crosswalk."""
        return Crosswalk(self.crosswalk_path, self.key)

    def pseudonyms(self) -> Pseudonyms:
        """Return the keyed pseudonyms of this site."""
        return Pseudonyms(
            self.key,
            patient_prefix=self.policy.patient_prefix,
            accession_prefix=self.policy.accession_prefix,
        )

    def header_deidentifier(self) -> HeaderDeidentifier:
        """Return the header engine set to this site's policy."""
        return HeaderDeidentifier(self.policy.headers, self.pseudonyms(), DescriptorCleaner())


def open_site(
    out: Path,
    *,
    policy: Policy | None = None,
    key: Path | None = None,
    crosswalk: Path | None = None,
) -> Site:
    """Gather policy, key and crosswalk for a run that writes to ``out``.

    Raises
    ------
    InputError
        When the key or the crosswalk cannot be used, or would lie in the output.
    """
    crosswalk_path = crosswalk or paths.crosswalk()
    refuse_beside_output(crosswalk_path, out)
    if key is not None and key.resolve().is_relative_to(out.resolve()):
        raise InputError(f"{key.name} would lie in the output; keep the key elsewhere")
    # A new key beside an old crosswalk is a misspelt name, never what is meant.
    secret = load_key(key, make=not crosswalk_path.exists())
    site = Site(policy or load_policy(), secret, crosswalk_path)
    site.crosswalk()  # a wrong key is found before the work, not after it
    return site
