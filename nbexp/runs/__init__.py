"""Whole notebooks: executed by papermill with an engine of our own, and what is kept of a run."""
