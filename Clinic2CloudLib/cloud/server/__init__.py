"""The embedded cloud: DICOMweb and work items in one process, which ``clinic2cloud serve`` runs.

Under ``http://HOST:PORT/dicom-web``, each request with ``Authorization: Bearer TOKEN``:

=========================================== =================================== ====================
resource                                    what it does                        source
=========================================== =================================== ====================
``POST /studies[/STUDY]``                   store, :mod:`.stow`                 PS3.18 10.5
``GET /studies``, ``/series``,              search, :mod:`.qido`                PS3.18 10.6
``/instances`` and below one another
``GET /studies/STUDY[/series/...]``,        retrieve, :mod:`.wado`              PS3.18 10.4
also with ``/metadata``
``/workitems``, ``/workitems/UID`` with     work items, :mod:`.ups`             PS3.18 11, PS3.4 CC
``/state`` and ``/cancelrequest``
``/workitems/UID/subscribers/AE``,          events, :mod:`.subscriptions`       PS3.18 11.10, 8.10
``/subscribers/AE`` (WebSocket)
``GET /pipelines``                          what may be asked for, as JSON      our own
=========================================== =================================== ====================

Stored is what :mod:`.reasons` gives no reason against: Part 10 files that say Patient Identity
Removed = YES, each UID with one content for ever. A pipeline is named by the Scheduled Workitem
Code (scheme ``99C2C``), see :mod:`.workitem`; :mod:`.worker` runs it through Dask.
"""

from .app import create_app
from .run import Running, serve, serving

__all__ = ["Running", "create_app", "serve", "serving"]
