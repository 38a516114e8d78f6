"""RDF/XML looked through before it is parsed: what a parser would silently leave out is refused.

The statements that stand in a document are counted, so that each of them has to come out of the parser.
"""

from __future__ import annotations

from xml.parsers import expat

from caretier.documents import too_deep
from caretier.errors import UnreadableInputError, visible
from caretier.limits import MAXIMUM_DEPTH

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_PARSE_TYPE = f"{_RDF}parseType"
_SYNTAX = frozenset(
    f"{_RDF}{name}" for name in ("ID", "about", "datatype", "nodeID", "parseType", "resource", "version")
)
"""The attributes that say how RDF/XML is meant; any other one states something, but for those of XML itself."""

_OF_XML = ("xml", "http://www.w3.org/XML/1998/namespace ", "http://www.w3.org/2005/11/its ")
"""How the attributes begin that RDF/XML leaves to XML."""


def statements_in_xml(text: str) -> int:
    """Return how many statements a document makes, in which there are no entities.

    Raises UnreadableInputError where it is not complete, nested without end, or holds what would be left out.
    """
    looking = _Looking()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = looking.begin, looking.end
    parser.CharacterDataHandler = looking.within
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        told = f"it is not well-formed RDF/XML: line {error.lineno}, column {error.offset + 1}."
        raise UnreadableInputError(told) from None
    return looking.made


class _Looking:
    """What was seen of a document so far.

    `around` has the kinds of the elements around: `rdf`, `node` or `property`, which take turns, and what is within
    `parts` or a `collection`; `stating` has whether each is a property that states more in its attributes.
    """

    def __init__(self) -> None:
        self.made = 0
        self.around: list[str] = []
        self.stating: list[bool] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take note of an element that begins."""
        if len(self.around) >= MAXIMUM_DEPTH:
            raise too_deep()
        if self.stating and self.stating[-1]:
            raise _left_out()
        parse_type = attributes.get(_PARSE_TYPE)
        if parse_type not in (None, "Resource", "Collection"):
            told = f'parseType="{visible(str(parse_type))[:100]}" is not read, and what is within would be left out.'
            raise UnreadableInputError(told)
        stated = sum(1 for each in attributes if not each.startswith(_OF_XML) and each not in _SYNTAX)
        within = self.around[-1] if self.around else None
        states = False
        if within is None and name == f"{_RDF}RDF":
            kind = "rdf"
            self.made += sum(1 for each in attributes if not each.startswith(_OF_XML) and each != f"{_RDF}version")
        elif within in ("node", "parts"):
            kind = {"Resource": "parts", "Collection": "collection"}.get(str(parse_type), "property")
            states = stated > 0
            self.made += 1 + stated + (4 if f"{_RDF}ID" in attributes else 0)
        else:
            kind = "node"
            self.made += stated + (0 if name == f"{_RDF}Description" else 1) + (2 if within == "collection" else 0)
        if states and parse_type is not None:
            raise _left_out()
        self.around.append(kind)
        self.stating.append(states)

    def end(self, _name: str) -> None:
        """Take note of an element that ends."""
        self.around.pop()
        self.stating.pop()

    def within(self, text: str) -> None:
        """Take note of a text."""
        if self.stating and self.stating[-1] and text.strip():
            raise _left_out()


def _left_out() -> UnreadableInputError:
    told = "a property with attributes that state something may have nothing within; a reader would leave them out."
    return UnreadableInputError(f"it is not well-formed RDF/XML: {told}")
