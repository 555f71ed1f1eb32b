"""The live IPython kernel: the hook, what runs in it, and what is seen while it runs."""
