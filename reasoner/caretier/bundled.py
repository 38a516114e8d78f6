"""Where the back-pain knowledge that comes with caretier is: in a wheel, or in a checkout."""

from __future__ import annotations

import os

from caretier.errors import KnowledgeError


def bundled_root() -> str:
    """Return the path of the root file of the ontology that comes with caretier."""
    package = os.path.dirname(os.path.abspath(__file__))
    for folder in (os.path.join(package, "_data"), os.path.dirname(os.path.dirname(package))):
        root = os.path.join(folder, "ontology", "back-pain.ttl")
        if os.path.isfile(root):
            return root
    raise KnowledgeError(f"The ontology that comes with caretier is missing beside {package}; install caretier again.")
