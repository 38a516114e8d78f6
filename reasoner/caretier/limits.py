"""The limits on input and on work, in one place."""

MAXIMUM_BYTES = 10_000_000
"""The size above which input is refused unread."""

MAXIMUM_ONTOLOGY_BYTES = 50_000_000
"""The size above which a file of an ontology is taken for something else and not read."""

MAXIMUM_ENTITY_LENGTH = 300
"""How many characters an entity in the XML of an ontology may stand for: the length of a namespace."""

MAXIMUM_MODEL_BYTES = 50_000_000
"""The size above which a decision model is taken for something else and not read."""

MAXIMUM_MODEL_SETS = 1_000_000
"""How many sets of answers a decision model may stand for: a few lines could stand for more than any memory holds."""

MAXIMUM_DEPTH = 100
"""How deep input may be nested; answers need a few levels, and parsers take long over many."""

DEFAULT_TIME_LIMIT = 600.0
"""Seconds after which a run of the reasoner is stopped, unless another limit is asked for."""

MAXIMUM_ID_LENGTH = 1_000
"""How many characters the id and the date of an answers document may have, and those of a record of a decision."""

MAXIMUM_TERMS = 1_000
"""How many terms the contexts of a JSON-LD document may define; a reader copies them for each node with a context."""
