"""XMP (ISO 16684-1:2019): properties read from a packet, and a packet written.

A packet may come from anywhere, so it is never copied: what is understood becomes values, and
values become a new packet. A document type declaration, which entities need, is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError, fromstring

from pairfix._version import __version__
from pairfix.formats.xmp_names import EVENT, MANAGEMENT, NAMESPACES, RDF, RESOURCE, XMP, is_kept

__all__ = [
    "Array",
    "Properties",
    "Value",
    "kept",
    "pack",
    "packet",
    "parse",
    "produced",
    "text",
    "texts",
]

_DEEPEST = 16
"""Values within values; the IPTC's artwork with its licensors has 6."""
_ARRAYS = {f"{{{RDF}}}{kind}": kind for kind in ("Alt", "Bag", "Seq")}
_DESCRIPTION, _RDF, _ITEM = f"{{{RDF}}}Description", f"{{{RDF}}}RDF", f"{{{RDF}}}li"
_VALUE, _RESOURCE, _PARSE_TYPE = f"{{{RDF}}}value", f"{{{RDF}}}resource", f"{{{RDF}}}parseType"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNIVERSAL_NAME = re.compile(r"\{([^{}]*)\}([A-Za-z_][A-Za-z0-9_.-]*)")
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (2.2)."""
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'


@dataclass(frozen=True, slots=True)
class Array:
    """An array: alternatives (Alt), without order (Bag) or in order (Seq)."""

    kind: str
    items: "tuple[Value, ...]"
    languages: tuple[str, ...] = ()
    """Of every item, empty where an item has none; () where none has one."""


Value: TypeAlias = str | Array | Mapping[str, "Value"]
"""A text, an array, or a structure of fields by their universal names (``{URI}name``)."""
Properties: TypeAlias = Mapping[str, Value]
"""Values by their universal names."""


def parse(data: bytes) -> dict[str, Value]:
    """The properties of a packet or a sidecar; those that are not formed as XMP are left out.

    Raises:
        ValueError: It is not XML, declares a document type, or holds no RDF.
    """
    content = _decoded(data)
    if "<!DOCTYPE" in content:
        raise ValueError("it declares a document type")
    try:
        root = fromstring(content)  # noqa: S314 (no document type, so no entities)
    except ParseError as error:
        raise ValueError("no XML") from error
    rdf = root if root.tag == _RDF else root.find(_RDF)
    if rdf is None:
        raise ValueError("no RDF")
    found: dict[str, Value] = {}
    for description in rdf.findall(_DESCRIPTION):
        found |= _fields(description, 0)
    return found


def kept(properties: Properties) -> dict[str, Value]:
    """What a result takes over (`pairfix.formats.xmp_names`).

    The source's identity becomes that which the result derives from (ISO 16684-1, 8.6).
    """
    mine = _known({name: value for name, value in properties.items() if is_kept(*_split(name))})
    document, instance = (
        properties.get(f"{{{MANAGEMENT}}}{name}") for name in ("DocumentID", "InstanceID")
    )
    if isinstance(document, str):
        mine.setdefault(f"{{{MANAGEMENT}}}OriginalDocumentID", document)
        source = {f"{{{RESOURCE}}}documentID": document}
        if isinstance(instance, str):
            source[f"{{{RESOURCE}}}instanceID"] = instance
        mine[f"{{{MANAGEMENT}}}DerivedFrom"] = source
    return mine


def produced(properties: Properties, how: str, when: datetime) -> dict[str, Value]:
    """The properties with one more entry in their history: that pairfix made the result.

    Args:
        properties: Of the result so far.
        how: What was done, for people (``stEvt:parameters``).
        when: With its offset from UTC.
    """
    agent, moment = f"pairfix {__version__}", when.astimezone(UTC).isoformat(timespec="seconds")
    fields = {"action": "produced", "softwareAgent": agent, "when": moment, "parameters": how}
    entry = {f"{{{EVENT}}}{name}": value for name, value in fields.items()}
    history = properties.get(f"{{{MANAGEMENT}}}History")
    before = history.items if isinstance(history, Array) else ()
    return {
        **properties,
        f"{{{XMP}}}CreatorTool": agent,
        f"{{{XMP}}}MetadataDate": moment,
        f"{{{MANAGEMENT}}}History": Array("Seq", (*before, entry)),
    }


def texts(value: Value | None) -> tuple[str, ...]:
    """The texts of a value: its own, or those of its items."""
    if isinstance(value, str):
        return (value,)
    items = value.items if isinstance(value, Array) else ()
    return tuple(item for item in items if isinstance(item, str))


def text(value: Value | None) -> str:
    """The text of a value; of alternatives the default one; empty if there is none."""
    if isinstance(value, Array) and "x-default" in value.languages:
        default = value.items[value.languages.index("x-default")]
        return default if isinstance(default, str) else ""
    return next(iter(texts(value)), "")


def pack(properties: Properties) -> bytes:
    """The properties as an ``x:xmpmeta`` element in UTF-8, not wrapped as a packet.

    Raises:
        KeyError: A namespace is not one of `pairfix.formats.xmp_names.NAMESPACES`.
    """
    body = "".join(_property(name, value) for name, value in properties.items())
    used = sorted({uri for name, value in properties.items() for uri in _uris(name, value)})
    declared = "".join(f'\n xmlns:{NAMESPACES[uri].prefix}="{escape(uri)}"' for uri in used)
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="pairfix {__version__}">'
        f'<rdf:RDF xmlns:rdf="{RDF}">\n<rdf:Description rdf:about=""{declared}>\n'
        f"{body}</rdf:Description>\n</rdf:RDF></x:xmpmeta>"
    ).encode()


def packet(properties: Properties) -> bytes:
    """The properties as a packet (ISO 16684-1, 7.3).

    Raises:
        KeyError: As `pack`.
    """
    return _HEAD.encode() + pack(properties) + _TAIL.encode()


def _known(fields: Properties) -> dict[str, Value]:
    """The fields in known namespaces, at any depth, without empty structures and arrays."""
    pruned = (
        (name, _pruned(value)) for name, value in fields.items() if _split(name)[0] in NAMESPACES
    )
    return {name: value for name, value in pruned if isinstance(value, str) or value}


def _pruned(value: Value) -> Value | None:
    if isinstance(value, str):
        return value
    if not isinstance(value, Array):
        return _known(value)
    languages = value.languages or ("",) * len(value.items)
    pairs = [
        (_pruned(item), language) for item, language in zip(value.items, languages, strict=True)
    ]
    whole = [(item, language) for item, language in pairs if isinstance(item, str) or item]
    if not whole:
        return None
    items, languages = zip(*whole, strict=True)
    return Array(value.kind, items, languages if any(languages) else ())


def _decoded(data: bytes) -> str:
    """Packets are UTF-8; sidecars may be UTF-16 with a byte order mark."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return data.decode(encoding).strip("\0\t\n\r ")


@lru_cache(4096)
def _split(name: str) -> tuple[str, str]:
    """URI and local name; both empty for a name without a namespace."""
    match = _UNIVERSAL_NAME.fullmatch(name)
    return (match[1], match[2]) if match else ("", "")


def _fields(element: Element, depth: int) -> dict[str, Value]:
    """The fields of a structure, as attributes and as children; those of RDF and XML are none."""
    found: dict[str, Value] = {
        name: value for name, value in element.attrib.items() if _is_field(name)
    }
    for child in element:
        value = _value(child, depth + 1) if _is_field(child.tag) else None
        if value is not None:
            found[child.tag] = value
    return found


def _is_field(name: str) -> bool:
    return name != _LANGUAGE and _split(name)[0] not in ("", RDF)


def _value(element: Element, depth: int) -> Value | None:
    """The value of a property, field or item; None if it is not formed as XMP."""
    if _RESOURCE in element.attrib:
        return element.attrib[_RESOURCE]
    if element.get(_PARSE_TYPE) == "Resource":
        return _structure(element, depth)
    if not len(element):
        return _fields(element, depth) or element.text or ""
    if len(element) > 1:
        return None
    only = element[0]
    if only.tag == _DESCRIPTION:
        return _structure(only, depth)
    return _array(only, depth) if only.tag in _ARRAYS else None


def _structure(element: Element, depth: int) -> Value | None:
    """Fields; or the value alone of one with qualifiers (ISO 16684-1, 7.8)."""
    if depth > _DEEPEST:
        return None
    value = element.find(_VALUE)
    return _fields(element, depth) if value is None else _value(value, depth + 1)


def _array(element: Element, depth: int) -> Array | None:
    if depth > _DEEPEST:
        return None
    found = [(item.get(_LANGUAGE, ""), _value(item, depth + 1)) for item in element.findall(_ITEM)]
    whole = [(language, value) for language, value in found if value is not None]
    languages = tuple(language for language, _ in whole)
    items = tuple(value for _, value in whole)
    return Array(_ARRAYS[element.tag], items, languages if any(languages) else ())


def _uris(name: str, value: Value) -> Iterator[str]:
    yield _split(name)[0]
    yield from _uris_within(value)


def _uris_within(value: Value) -> Iterator[str]:
    if isinstance(value, Array):
        for item in value.items:
            yield from _uris_within(item)
    elif not isinstance(value, str):
        for name, field in value.items():
            yield from _uris(name, field)


def _property(name: str, value: Value) -> str:
    uri, local = _split(name)
    return _element(f"{NAMESPACES[uri].prefix}:{local}", value) + "\n"


def _element(tag: str, value: Value, language: str = "") -> str:
    attributes = f' xml:lang="{escape(_valid(language))}"' if language else ""
    if isinstance(value, str):
        content = escape(_valid(value), quote=False).replace("\r", "&#13;")
    elif isinstance(value, Array):
        languages = value.languages or ("",) * len(value.items)
        items = "".join(
            _element("rdf:li", item, each)
            for item, each in zip(value.items, languages, strict=True)
        )
        content = f"<rdf:{value.kind}>{items}</rdf:{value.kind}>"
    else:
        attributes += ' rdf:parseType="Resource"'
        content = "".join(_property(name, field) for name, field in value.items())
    return f"<{tag}{attributes}>{content}</{tag}>"


def _valid(value: str) -> str:
    return _INVALID.sub("", value)
