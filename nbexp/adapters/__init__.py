"""Adapters: how values are fingerprinted, stored, patched in place and previewed, one file per library."""
