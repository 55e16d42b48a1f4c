"""Which XMP properties a result takes over from its source, by their namespaces.

Kept is what people say of the photo and what holds for every version of it. Edits, which would be
applied twice, and what describes the source's pixels or file (sizes, orientation, thumbnails,
regions, depth and gain maps, appended videos) are not. A namespace that is not listed is left out:
it may hold either.
"""

from dataclasses import dataclass

__all__ = [
    "AUX",
    "DC",
    "EVENT",
    "EXIF",
    "EXIF_EX",
    "IPTC_CORE",
    "MANAGEMENT",
    "NAMESPACES",
    "NOTE",
    "PHOTOSHOP",
    "RDF",
    "RESOURCE",
    "XMP",
    "is_kept",
]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
XMP = "http://ns.adobe.com/xap/1.0/"
MANAGEMENT = "http://ns.adobe.com/xap/1.0/mm/"
EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
RESOURCE = "http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
NOTE = "http://ns.adobe.com/xmp/note/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
EXIF = "http://ns.adobe.com/exif/1.0/"
EXIF_EX = "http://cipa.jp/exif/1.0/"
AUX = "http://ns.adobe.com/exif/1.0/aux/"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace that may appear in a result."""

    prefix: str
    only: frozenset[str] | None = None
    """The properties that are kept; None: all but those of `dropped`."""
    dropped: frozenset[str] = frozenset()


def _only(prefix: str, *names: str) -> Namespace:
    return Namespace(prefix, frozenset(names))


def _without(prefix: str, *names: str) -> Namespace:
    return Namespace(prefix, None, frozenset(names))


NAMESPACES: dict[str, Namespace] = {
    DC: _without("dc", "format"),
    XMP: _only("xmp", "CreateDate", "Identifier", "Label", "Nickname", "Rating"),
    "http://ns.adobe.com/xap/1.0/rights/": _without("xmpRights"),
    MANAGEMENT: _only("xmpMM", "DerivedFrom", "History", "OriginalDocumentID"),
    EVENT: _only("stEvt"),
    RESOURCE: _only("stRef"),
    NOTE: _only("xmpNote"),
    PHOTOSHOP: _only(
        "photoshop",
        *("AuthorsPosition", "CaptionWriter", "Category", "City", "Country", "Credit"),
        *("DateCreated", "Headline", "Instructions", "Source", "State"),
        *("SupplementalCategories", "TransmissionReference", "Urgency"),
    ),
    IPTC_CORE: _without("Iptc4xmpCore"),
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": _without(
        "Iptc4xmpExt", "ImageRegion", "MaxAvailHeight", "MaxAvailWidth"
    ),
    "http://ns.useplus.org/ldf/xmp/1.0/": _without("plus"),
    "http://creativecommons.org/ns#": _without("cc"),
    "http://ns.adobe.com/lightroom/1.0/": _only("lr", "hierarchicalSubject", "weightedFlatSubject"),
    "http://www.digikam.org/ns/1.0/": _only(
        "digiKam",
        *("CaptionsAuthorNames", "CaptionsDateTimeStamps", "ColorLabel", "PickLabel", "TagsList"),
    ),
    "http://ns.microsoft.com/photo/1.0/": _only("MicrosoftPhoto", "LastKeywordXMP", "Rating"),
    "http://ns.iview-multimedia.com/mediapro/1.0/": _only(
        "mediapro", "CatalogSets", "Event", "Location", "People", "Status"
    ),
    EXIF: _without(
        "exif",
        *("CFAPattern", "ColorSpace", "ComponentsConfiguration", "CompressedBitsPerPixel"),
        *("ExifVersion", "FlashpixVersion", "Gamma", "MakerNote", "NativeDigest"),
        *("PixelXDimension", "PixelYDimension", "SubjectArea", "SubjectLocation"),
    ),
    EXIF_EX: _without("exifEX", "Gamma", "InteroperabilityIndex"),
    AUX: _only(
        "aux",
        *("ApproximateFocusDistance", "FlashCompensation", "ImageNumber", "Lens", "LensID"),
        *("LensInfo", "LensSerialNumber", "OwnerName", "SerialNumber"),
    ),
    "http://ns.adobe.com/tiff/1.0/": _only(
        "tiff", "Artist", "Copyright", "ImageDescription", "Make", "Model"
    ),
}
"""By URI; prefixes as their specifications prefer them. Of a structure's fields, all are kept whose
namespace is listed."""


def is_kept(uri: str, name: str) -> bool:
    """Whether a result takes a property over."""
    known = NAMESPACES.get(uri)
    if known is None:
        return False
    return name in known.only if known.only is not None else name not in known.dropped
