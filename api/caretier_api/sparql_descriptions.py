"""What the OpenAPI document says of the SPARQL endpoint."""

from __future__ import annotations

from caretier_api import problems
from caretier_api.description import TEXT, Description, Media, an_object, media
from caretier_api.sparql_protocol import DIRECT, FORM, GRAPHS, SOLUTIONS

_QUERY = "SELECT ?tier ?rank { ?tier a ct:CareTier ; ct:rank ?rank } ORDER BY DESC(?rank)"
_TEXT_OF_BOTH = (
    "SPARQL 1.1 Protocol, read-only: updates and calls of other services are refused. default-graph-uri and "
    "named-graph-uri choose among the graphs that there are."
)
_REFUSALS = (problems.QUERY, problems.NOT_ACCEPTABLE, problems.DATA, problems.QUERY_LIMIT)
_TEXT_ANSWER = media(TEXT)


def sparql() -> dict[str, Description]:
    """Describe the operations, by id."""
    answer: Media = {
        each: media({}) if each.endswith("json") else _TEXT_ANSWER for each in dict.fromkeys((*SOLUTIONS, *GRAPHS))
    }
    return {
        "queryByGet": Description(
            tag="SPARQL",
            summary="Run a query",
            text=f"{_TEXT_OF_BOTH} Without a query it gives its service description.",
            gives="Solutions, a graph, or the service description.",
            answer=answer,
            parameters={"query": (TEXT, _QUERY)},
            refusals=_REFUSALS,
        ),
        "queryByPost": Description(
            tag="SPARQL",
            summary="Run a query",
            text=_TEXT_OF_BOTH,
            body={
                DIRECT: media(TEXT),
                FORM: media(an_object({"query": TEXT}), {"query": _QUERY}),
            },
            gives="Solutions or a graph.",
            answer=answer,
            refusals=_REFUSALS,
        ),
        "void": Description(
            tag="SPARQL",
            summary="Which data there are",
            gives="A description in VoID.",
            answer={each: answer[each] for each in GRAPHS},
            refusals=(problems.NOT_ACCEPTABLE, problems.DATA),
        ),
    }
