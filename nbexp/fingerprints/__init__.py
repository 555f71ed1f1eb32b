"""Fingerprints: one digest per value, from a walk through everything that the value is made of."""
