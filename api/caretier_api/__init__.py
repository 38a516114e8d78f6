"""The HTTP service of caretier; it has no routes yet."""
