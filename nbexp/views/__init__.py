"""What to show, as plain data; every front end draws the same."""
