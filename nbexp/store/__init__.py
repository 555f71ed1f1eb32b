"""Where results are kept: immutable, signed record files and content-addressed blobs under ``<root>/.nbexp``.

`Store` is the door. Everything else here is one concept a module: `folder`, `blobs`, `artifacts`, `records`, `heads`,
`made` (what explains at once), `journal`, `index` and its `tables`, `catalog` (what is asked of it), `references`,
`trust`, `seals` (signatures), `secret` (the own key's file), `verified`, `fetched`, `temporary` (files on their way
in), `publication` (a result, from bytes in memory to a visible record) and `writer` (that, in the background).
"""

from __future__ import annotations

from nbexp.store.artifacts import Content
from nbexp.store.records import OtherFormat, Stored
from nbexp.store.seals import Author
from nbexp.store.store import Store
from nbexp.store.trust import Keys

__all__ = ["Author", "Content", "Keys", "OtherFormat", "Store", "Stored"]
