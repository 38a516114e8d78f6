"""How fast caretier is, compared with other ways to the same decisions; run with `make bench`."""
