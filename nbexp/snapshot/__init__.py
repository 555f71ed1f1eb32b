"""The coordinates of a result as facts: data, code, environment, kernel state."""
