"""(being written)"""

from __future__ import annotations

from nbexp.adapters.base import Adapter

ADAPTERS: dict[type | str, Adapter] = {}
