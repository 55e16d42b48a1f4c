"""Small whole files of every format, generated; what is mutated."""

import io
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pairfix.calibration import CameraProfile, FrameFit, Setting
from pairfix.export.folder import build_model
from pairfix.formats import decode, encode_dng, iptc
from pairfix.formats.embed import jpeg_segments, tiff_tags
from pairfix.formats.iptc import Dataset
from pairfix.formats.jxl import jxl_file
from pairfix.formats.png import FIRST_CHUNK, XMP_KEYWORD
from pairfix.formats.png_write import png_chunk
from pairfix.formats.spaces import chromaticities, space_profile
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_write import with_header
from pairfix.image import Description
from pairfix.model import CONFIG
from pairfix.networks import NETWORKS
from tests.formats.descriptions import alternatives, bag, rdf
from tests.formats.samples import make_dng, picture, scene, write_tiled_dng
from tests.networks.seeded import random_state

__all__ = ["KINDS", "Seed", "seeds_of"]

Seed = Mapping[str, bytes]
"""Contents by file name: of one file, or of a folder."""

_EXIF = with_header(
    {
        271: Entry.text("Acme"),
        272: Entry.text("One"),
        274: Entry.of(Kind.SHORT, 6),
        0x8769: {
            0x829A: Entry.of(Kind.RATIONAL, 1 / 60),
            0x829D: Entry.of(Kind.RATIONAL, 1.8),
            0x8827: Entry.of(Kind.SHORT, 3200),
            0x9003: Entry.text("2026:05:01 21:10:01"),
            0x9011: Entry.text("+02:00"),
            0x9291: Entry.text("25"),
        },
    }
)


def _small() -> NDArray[np.uint16]:
    return picture().pixels[:24, :20]


def _image(mode: str = "RGB") -> Image.Image:
    return Image.fromarray((_small() >> 8).astype(np.uint8)).convert(mode)


def _pillow(name: str, mode: str = "RGB", **options: Any) -> tuple[str, bytes]:  # noqa: ANN401
    file = io.BytesIO()
    _image(mode).save(file, name.rpartition(".")[2].replace("jpg", "jpeg"), **options)
    return name, file.getvalue()


_XMP = rdf(
    alternatives("dc:title", x_default="Night &amp; Day", de="Nacht")
    + bag("dc:subject", "neon", "räin")
    + '<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved"/></rdf:Seq></xmpMM:History>'
    '<Iptc4xmpCore:CreatorContactInfo rdf:parseType="Resource">'
    "<Iptc4xmpCore:CiEmailWork>a@b.c</Iptc4xmpCore:CiEmailWork></Iptc4xmpCore:CreatorContactInfo>"
    '<cc:license rdf:resource="https://example.com/by"/>',
    'xmp:Rating="4" crs:Exposure2012="+1" xmpMM:DocumentID="did:1" exif:GPSLatitude="48,12.5N" '
    'exif:GPSLongitude="16,22,8E" exif:GPSAltitude="3/2" photoshop:DateCreated="2026-05-01T21:10"',
).encode()
_DESCRIPTION = Description(
    _XMP, iptc.assemble([Dataset(5, "Night"), Dataset(25, "neon"), Dataset(55, "20260501")])
)


def _jpegs(_: Path) -> list[Seed]:
    exif = b"Exif\0\0" + _EXIF
    plain = [
        _pillow("plain.jpg", exif=exif),
        _pillow("progressive.jpg", progressive=True, exif=exif),
        _pillow("restarts.jpg", restart_marker_blocks=1),
        _pillow("grey.jpg", "L"),
        _pillow("cmyk.jpg", "CMYK"),
    ]
    data = plain[0][1]
    described = data[:2] + jpeg_segments(_DESCRIPTION) + data[2:]
    return [{name: data} for name, data in (*plain, ("described.jpg", described))]


def _pngs(_: Path) -> list[Seed]:
    plain = [
        _pillow("plain.png", exif=_EXIF),
        _pillow("grey.png", "L"),
        _pillow("palette.png", "P"),
        _pillow("alpha.png", "RGBA"),
        _pillow("bits.png", "1"),
    ]
    head = plain[0][1][:FIRST_CHUNK]
    packet = png_chunk(b"iTXt", XMP_KEYWORD + bytes(4) + _DESCRIPTION.xmp)
    described = head + packet + plain[0][1][len(head) :]
    return [{name: data} for name, data in (*plain, ("described.png", described))]


def _webps(_: Path) -> list[Seed]:
    plain = [
        _pillow("lossless.webp", lossless=True, exif=_EXIF, xmp=_XMP),
        _pillow("lossy.webp", quality=50),
        _pillow("alpha.webp", "RGBA"),
    ]
    return [{name: data} for name, data in plain]


def _avifs(_: Path) -> list[Seed]:
    name, data = _pillow("plain.avif", exif=_EXIF, xmp=_XMP)
    return [{name: data}, {"other.heic": data.replace(b"avif", b"heic")}, *_heics()]


def _heics() -> list[Seed]:
    """None where the extra heif is not installed."""
    if find_spec("pillow_heif") is None:
        return []
    from pillow_heif import from_pillow  # noqa: PLC0415

    file = io.BytesIO()
    from_pillow(_image()).save(file, quality=80, exif=b"Exif\0\0" + _EXIF)
    return [{"photo.heic": file.getvalue()}]


def _jxls(_: Path) -> list[Seed]:
    eight = (_small() >> 8).astype(np.uint8)
    made = {
        "lossy.jxl": imagecodecs.jpegxl_encode(eight, distance=1.0),
        "boxes.jxl": imagecodecs.jpegxl_encode(eight, lossless=True, usecontainer=True),
        "alpha.jxl": imagecodecs.jpegxl_encode(np.dstack((eight, eight[..., 0])), lossless=True),
        "grey.jxl": imagecodecs.jpegxl_encode(_small()[..., 0], lossless=True),
        "result.jxl": jxl_file(_small(), chromaticities(space_profile("adobe-rgb")), _EXIF),
    }
    for path in sorted((Path(__file__).parents[1] / "formats" / "jxl").iterdir()):
        if path.name != "exact.jxl" or find_spec("pylibjxl"):
            made[path.name] = path.read_bytes()
    return [{name: bytes(data)} for name, data in made.items()]


def _tiffs(folder: Path) -> list[Seed]:
    path = folder / "a.tif"
    found: list[Seed] = []
    options: list[dict[str, Any]] = [
        *({"compression": each} for each in (None, "lzw", "deflate", "packbits", "zstd")),
        *({"compression": "jpeg", "tile": (16, 16)}, {"bigtiff": True}, {"byteorder": ">"}),
        {"photometric": "minisblack", "planarconfig": "separate"},
    ]
    for number, each in enumerate(options):
        pixels = _small() if each.get("compression") != "jpeg" else (_small() >> 8).astype(np.uint8)
        grey = "photometric" in each
        stored = pixels[..., 0] if grey else pixels
        arguments: dict[str, Any] = {"photometric": "rgb", **each}
        tifffile.imwrite(path, stored, **arguments)
        found.append({f"{number}.tif": path.read_bytes()})
    with tifffile.TiffWriter(path) as file:
        file.write(_small()[::4, ::4], photometric="rgb", subfiletype=1)
        file.write(_small(), photometric="rgb")
    found.append({"thumbnail.tif": path.read_bytes()})
    _image("YCbCr").save(path, exif=_EXIF)
    found.append({"ycbcr.tif": path.read_bytes()})
    return found


def _dngs(folder: Path) -> list[Seed]:
    mosaic = scene()[:32, :40]
    path, again = folder / "a.dng", folder / "b.dng"
    profile = Entry.of(Kind.DOUBLE, 1e-3, 1e-6)
    extra: Directory = {
        50719: Entry.of(Kind.LONG, 2, 2),
        50720: Entry.of(Kind.LONG, 32, 24),
        50829: Entry.of(Kind.LONG, 0, 0, 32, 40),
        50730: Entry.of(Kind.SRATIONAL, 0.5),
        51041: profile,
        **tiff_tags(_DESCRIPTION),
    }
    found: list[Seed] = [{"plain.dng": make_dng(path, mosaic, orientation=6).read_bytes()}]
    found.append({"facts.dng": make_dng(path, mosaic, pattern="GBRG", extra=extra).read_bytes()})
    frame = decode(path)
    encode_dng(frame, np.full(frame.size, 0.5, np.float32), 0.25, again)
    found.append({"result.dng": again.read_bytes()})
    for layout in ({"tile": (16, 16)}, {"rowsperstrip": 20}):
        write_tiled_dng(path, mosaic, jpeg_xl=True, **layout)
        found.append({"jxl.dng": path.read_bytes()})
    return found


def _models(folder: Path) -> list[Seed]:
    network = NETWORKS["selfir"]
    found: list[Seed] = []
    variants: list[dict[str, Any]] = [{"noise": True}, {"inputs": ("short",)}]
    for number, fields in enumerate(variants):
        config = network.config(channels=3, width=1, **fields)
        states = {name: random_state(each) for name, each in network.modules(config).items()}
        place = folder / str(number)
        build_model(place, network, config, "srgb", states, "# A card\n\n[text](link)\n")
        measured = '{"psnr": {"a": 30.5}, "seconds": 10.5, "megabytes": 900}'
        files = {path.name: path.read_bytes() for path in place.iterdir()}
        assert CONFIG in files
        found.append({**files, "measured.json": measured.encode()})
    return found


def _calibrations(_: Path) -> list[Seed]:
    fit = FrameFit(
        shot=(1e-3,) * 4,
        read=(1e-6,) * 4,
        correlation=((0.0, 0.1, 0.0), (0.1, 1.0, 0.1), (0.0, 0.1, 0.0)),
        channels=((1.0,),),
        rows=1e-4,
        columns=1e-4,
        told_shot=(1e-3,) * 4,
        told_read=(1e-6,) * 4,
    )
    setting = Setting(3200.0, 4, 900, 8.0, fit, fit, (0.0,) * 4, 1e-4, ((1e-3, 1e-6),) * 3)
    profile = CameraProfile("Acme One", "raw", ((2.0, 1.0, 1.5),), (setting,))
    return [{"calibration.json": profile.as_json().encode()}]


def _sidecars(_: Path) -> list[Seed]:
    return [{"photo.xmp": _XMP}, {"photo.png.xmp": _XMP.decode().encode("utf-16")}]


def _videos(folder: Path) -> list[Seed]:
    import av  # noqa: PLC0415  (an extra)

    made: list[Seed] = []
    for name, codec, pixel_format in (
        ("plain.mp4", "libx264", "yuv420p"),
        ("deep.mp4", "libx264", "yuv420p10le"),
        ("jpegs.avi", "mjpeg", "yuvj420p"),
    ):
        options = {"movflags": "faststart"} if name.endswith("mp4") else {}
        with av.open(folder / name, "w", options=options) as container:
            stream: Any = container.add_stream(codec, 25)
            stream.height, stream.width, stream.pix_fmt = 64, 96, pixel_format
            for number in range(6):
                pixels = np.full((64, 96, 3), 30 * number, np.uint8)
                pixels[16:48, 8 * number : 8 * number + 16] = (200, 40, 90)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
            container.mux(stream.encode())
        made.append({name: (folder / name).read_bytes()})
    return made


_SEEDS: Mapping[str, Callable[[Path], list[Seed]]] = {
    "jpeg": _jpegs,
    "png": _pngs,
    "webp": _webps,
    "avif": _avifs,
    "jxl": _jxls,
    "tiff": _tiffs,
    "dng": _dngs,
    "model": _models,
    "calibration": _calibrations,
    "sidecar": _sidecars,
    **({"video": _videos} if find_spec("av") else {}),
}

KINDS = tuple(_SEEDS)
"""What is mutated."""


def seeds_of(kind: str, folder: Path) -> list[Seed]:
    """The seeds of a kind.

    Args:
        kind: One of `KINDS`.
        folder: An empty one, to make them in.
    """
    return _SEEDS[kind](folder)
