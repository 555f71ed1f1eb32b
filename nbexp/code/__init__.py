"""Code that a value or a cell can run: where it comes from, which names it looks up, and what it says."""
