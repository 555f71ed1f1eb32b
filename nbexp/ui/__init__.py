"""Front ends: they draw what `nbexp.views` works out, and never import each other."""
