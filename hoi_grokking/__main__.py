"""``python -m hoi_grokking``."""

from __future__ import annotations

import sys

from hoi_grokking.cli import main

sys.exit(main())
