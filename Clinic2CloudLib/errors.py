"""What can go wrong, as one clear sentence each.

Every error that a user may meet derives from :class:`Clinic2CloudError`; the command line prints
its text behind ``clinic2cloud: error:`` and leaves with exit code 1, the panel shows it as is. The
text never holds patient data: no name, ID, original UID, date or institution.
"""

from __future__ import annotations


class Clinic2CloudError(Exception):
    """Base of all errors a user may meet; its text is one sentence for that user."""


class InputError(Clinic2CloudError):
    """The source, a key, a policy or another input cannot be read or makes no sense."""


class OutputError(Clinic2CloudError):
    """The output cannot be written: not empty, no permission, no space left."""


class NotDeidentifiableError(Clinic2CloudError):
    """A file cannot be de-identified with certainty; it is set aside with this reason."""


class VerificationError(Clinic2CloudError):
    """The second look at a case found something."""


class NotApprovedError(Clinic2CloudError):
    """The case may not leave: not approved, rejected, or changed after approval."""


class CloudError(Clinic2CloudError):
    """The server is down, refuses the token, or did not keep what it was sent."""


class Cancelled(Clinic2CloudError):  # noqa: N818 - not an error of the program, a wish of the user
    """The user asked to stop; nothing half-made is left."""
