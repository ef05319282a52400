"""Where the site's own files live: key, crosswalk, outbox. Never beside the output.

``CLINIC2CLOUD_HOME`` moves all of them, for tests and for sites that keep them on a safe drive.
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import OutputError


def home() -> Path:
    """Return the folder of this site's own files, made private (mode 0700) when it is new."""
    named = os.environ.get("CLINIC2CLOUD_HOME")
    if named:
        folder = Path(named).expanduser()
    else:
        from platformdirs import user_data_path

        folder = user_data_path("clinic2cloud", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(
            f"the folder of the site's own files cannot be made: {error.strerror}"
        ) from None
    return folder


def site_key() -> Path:
    """Return the default path of the secret key that UIDs, pseudonyms and dates depend on."""
    return home() / "site.key"


def crosswalk() -> Path:
    """Return the default path of the encrypted crosswalk from pseudonyms to originals."""
    return home() / "crosswalk.c2c"


def outbox() -> Path:
    """Return the path of the SQLite outbox of uploads that are under way."""
    return home() / "outbox.sqlite"
