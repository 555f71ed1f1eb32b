"""``python -m nbexp``: the command line."""

from __future__ import annotations

import sys

from nbexp.ui.cli import main

sys.exit(main())
