"""caretier: from a person's answers about back pain to a care tier, with the proof.

>>> import caretier
>>> kb = caretier.load()
>>> kb.triage({"pain-lower-back": True, "saddle-numbness": True}).tier
'EmergencyCare'
"""

from caretier.errors import (
    CaretierError,
    ContradictionError,
    InconsistencyError,
    InputError,
    InvalidAnswersError,
    JavaError,
    KnowledgeError,
    Problem,
    QueryError,
    ReasonerError,
    ReasonerTimeoutError,
    UnreadableInputError,
)
from caretier.knowledge_base import KnowledgeBase, load
from caretier.questionnaire import Answer, Option, Question
from caretier.result import SOFTWARE, Result, Triage

__version__ = SOFTWARE

__all__ = [
    "Answer",
    "CaretierError",
    "ContradictionError",
    "InconsistencyError",
    "InputError",
    "InvalidAnswersError",
    "JavaError",
    "KnowledgeBase",
    "KnowledgeError",
    "Option",
    "Problem",
    "QueryError",
    "Question",
    "ReasonerError",
    "ReasonerTimeoutError",
    "Result",
    "Triage",
    "UnreadableInputError",
    "__version__",
    "load",
]
