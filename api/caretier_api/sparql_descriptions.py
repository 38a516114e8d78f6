"""What the OpenAPI document says of the SPARQL endpoint."""

from __future__ import annotations

from caretier_api import problems
from caretier_api.description import TEXT, Description, Media, Schema, an_object, listed, media
from caretier_api.sparql_protocol import DIRECT, FORM, GRAPHS, SOLUTIONS

_QUERY = "SELECT ?tier ?rank { ?tier a ct:CareTier ; ct:rank ?rank } ORDER BY DESC(?rank)"
_GRAPHS: Schema = {
    "default-graph-uri": listed(TEXT),
    "named-graph-uri": listed(TEXT),
}
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
            text="SPARQL 1.1 Protocol, read-only. Without a query it gives its service description.",
            gives="Solutions, a graph, or the service description.",
            answer=answer,
            parameters={"query": (TEXT, _QUERY), **{name: (schema, None) for name, schema in _GRAPHS.items()}},
            refusals=_REFUSALS,
        ),
        "queryByPost": Description(
            tag="SPARQL",
            summary="Run a query",
            text="SPARQL 1.1 Protocol, read-only.",
            body={
                DIRECT: media(TEXT, _QUERY),
                FORM: media(an_object({"query": TEXT, **_GRAPHS}, *_GRAPHS), {"query": _QUERY}),
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
