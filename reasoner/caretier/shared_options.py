"""The options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse

from caretier.limits import DEFAULT_TIME_LIMIT


def ontology(parser: argparse.ArgumentParser) -> None:
    """Let a command take the root file of another ontology."""
    parser.add_argument(
        "--ontology", metavar="ROOT", help="the root file of an ontology; default: what comes with caretier"
    )


def decision_log(parser: argparse.ArgumentParser) -> None:
    """Let a command keep what it decides."""
    parser.add_argument(
        "--decision-log",
        metavar="FOLDER",
        help="store every assessment there, answers and result, a file a day; off by default. `caretier replay` reads "
        "it; docs/deployment.md says who must protect it and how to delete",
    )


def language(parser: argparse.ArgumentParser) -> None:
    """Let a command take the language of the texts."""
    parser.add_argument(
        "--lang",
        metavar="TAG",
        default="en",
        help="the language of the texts, such as es, if the ontology speaks it; default: en. A translation says "
        "whether anybody has reviewed it",
    )


def time_limit(parser: argparse.ArgumentParser) -> None:
    """Let a command take the time limit of the reasoner."""
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=DEFAULT_TIME_LIMIT,
        metavar="SECONDS",
        help="for each run of the reasoner; default: 600",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError("it has to be a number of seconds from above 0 to 86400")
    return seconds


def port(text: str) -> int:
    """Read the number of a port."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError("it has to be a whole number from 0 to 65535")
    return int(text)


def count(text: str) -> int:
    """Read a number of people."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 on")
    return int(text)
