"""Where results are kept: immutable, signed record files and content-addressed blobs under ``<root>/.nbexp``.

`Store` is the door. Everything else here is one concept a module: `blobs`, `artifacts`, `records`, `heads`, `journal`,
`catalog` and its `tables`, `references`, `trust`, `verified`, `fetched`, `temporary` (files on their way in),
`publication` and `writer` (the last steps, in the background).
"""

from __future__ import annotations

from nbexp.store.artifacts import Content
from nbexp.store.records import OtherFormat, Stored
from nbexp.store.store import Store
from nbexp.store.trust import Author, Keys

__all__ = ["Author", "Content", "Keys", "OtherFormat", "Store", "Stored"]
