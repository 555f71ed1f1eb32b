"""Memoized, provable notebook experiments: cells become stages that are restored instead of run again."""

from __future__ import annotations

from nbexp._version import __version__

__all__ = ["__version__"]
