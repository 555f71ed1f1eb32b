"""Order and lineage: which cell made what, and what a top-to-bottom run would give."""
