"""The limits on input and on work, in one place."""

MAXIMUM_BYTES = 10_000_000
"""The size above which input is refused unread."""

DEFAULT_TIME_LIMIT = 600.0
"""Seconds after which a run of the reasoner is stopped, unless another limit is asked for."""
