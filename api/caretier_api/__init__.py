"""The HTTP service of caretier: `caretier_api.app.create_app` makes it, `caretier serve` runs it."""
