"""``python -m Clinic2CloudLib``: the command line, where its script is not on the path."""

import sys

from .cli.main import main

sys.exit(main())
