"""Files of knowledge read: each whole, of a size that an ontology may have, and XML without entities that explode.

An ontology may come from anybody. What its catalog, or the decision model beside it, names as a file may be a pipe that
nobody writes to, or a device without end.
"""

from __future__ import annotations

import os
import stat

from caretier.errors import KnowledgeError
from caretier.limits import MAXIMUM_ENTITY_LENGTH, MAXIMUM_ONTOLOGY_BYTES


def read_knowledge(path: str | os.PathLike[str]) -> bytes:
    """Read a file; KnowledgeError where it is missing, is no file, or is larger than any ontology."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise KnowledgeError(f"{path} is no file; name a file, and put what it has to say into it.")
        with open(path, "rb") as file:
            content = file.read(MAXIMUM_ONTOLOGY_BYTES + 1) if found.st_size <= MAXIMUM_ONTOLOGY_BYTES else None
    except FileNotFoundError:
        raise KnowledgeError(f"{path} does not exist.") from None
    except OSError as error:
        raise KnowledgeError(f"{path} cannot be read: {error.strerror or error}.") from None
    if content is None or len(content) > MAXIMUM_ONTOLOGY_BYTES:
        raise KnowledgeError(f"{path} has more than {MAXIMUM_ONTOLOGY_BYTES:,} bytes; divide it into modules.")
    return content


def require_plain_xml(path: str | os.PathLike[str], content: bytes) -> None:
    """Refuse XML whose entities stand for more than a namespace, as editors of ontologies write them.

    Entities within entities grow without end, and others stand for what is in another file. XML that is not
    well-formed is left to whoever reads it for what it says.
    """
    from xml.parsers import expat

    def declared(name: str, is_parameter: bool, value: str | None, *_: str | None) -> None:
        if is_parameter or value is None or "&" in value or len(value) > MAXIMUM_ENTITY_LENGTH:
            raise KnowledgeError(
                f'{path} declares the XML entity "{name[:100]}", which stands for more than a namespace; '
                "write out what it stands for."
            )

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return
    except (LookupError, ValueError) as error:
        raise KnowledgeError(f"{path} cannot be read: {error}; save it in UTF-8.") from None
