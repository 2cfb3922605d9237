"""XML from outside as a tree, or a refusal. Pure functions over text.

A DOCTYPE is refused where it begins, before its first entity is declared: CDA follows a schema and has no use for one,
and every attack by entities needs one, be it a file that is read, an address that is fetched or a text that grows a
thousandfold. Expat by itself reads nothing but what it is given. The standard parser of `xml.etree` has no way to say
no to a DOCTYPE, hence the handlers of Expat itself; depth and number of elements are bounded while they come, not afterwards.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any
from xml.parsers import expat

from app.documents.laboratory_results import BROKEN, MOST_PARTS, TOO_DEEP, TOO_MANY_PARTS
from app.errors import FileRefused

V3 = "urn:hl7-org:v3"
MOST_DEPTH = 100  # a report of a laboratory has thirty
DOCTYPE = (
    "il contient une déclaration DOCTYPE, qu'un compte rendu CDA n'a jamais et qui peut être dangereuse. "
    "Demandez au laboratoire un nouvel export, ou ajoutez le compte rendu en PDF."
)


def tree(text: str) -> ET.Element:
    """The root. Names of HL7 v3, and names without a namespace, stand bare; others as `{namespace}name`.

    Raises: FileRefused.
    """
    builder, parser = ET.TreeBuilder(), expat.ParserCreate("utf-8", namespace_separator="}")
    depth = parts = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, parts
        depth, parts = depth + 1, parts + 1 + len(attributes) // 20
        if depth > MOST_DEPTH:
            raise FileRefused(TOO_DEEP)
        if parts > MOST_PARTS:
            raise FileRefused(TOO_MANY_PARTS)
        builder.start(_name(name), {_name(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(name))

    def refuse(*_declaration: Any) -> Any:
        raise FileRefused(DOCTYPE)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = parser.UnparsedEntityDeclHandler = refuse  # unreachable, and closed all the same
    parser.buffer_text = True
    try:
        parser.Parse(text.lstrip("\ufeff\x0b \r\n\t").encode("utf-8", "replace"), True)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise FileRefused(BROKEN) from error


def _name(name: str) -> str:
    namespace, separator, local = name.rpartition("}")
    return local if not separator or namespace == V3 else f"{{{namespace}}}{local}"
