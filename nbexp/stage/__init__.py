"""The memo engine: what a cell means, what it depends on, what it left behind. Knows nothing of IPython."""
