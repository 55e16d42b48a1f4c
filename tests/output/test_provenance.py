"""A result says what its short photo's file says, and how it was made."""

from pathlib import Path

import numpy as np
import pytest

from pairfix import Exposure, Frame, Recipe, Restorer, align_pair, restore
from pairfix.formats import encode_picture, metadata, xmp
from pairfix.formats.description import read_description
from pairfix.formats.tiff import Entry
from pairfix.image import Box, Picture
from tests.formats.descriptions import bag, name, rdf
from tests.scenes import rgb_frame, scene

MODEL = "selfir-srgb"


def _history(properties: xmp.Properties) -> list[dict[str, xmp.Value]]:
    history = properties[name("xmpMM:History")]
    assert isinstance(history, xmp.Array)
    return [dict(entry) for entry in history.items if not isinstance(entry, str | xmp.Array)]


def _frames() -> tuple[Frame, Frame]:
    light = scene((96, 96), radius=5)
    return rgb_frame(light), rgb_frame(light, noise=0.05)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A long and a short picture, each with a sidecar and EXIF."""
    exif = metadata.assemble(({metadata.ARTIST: Entry.text("Ann")}, {}, {}))
    long, short = paths = tmp_path / "long.png", tmp_path / "short.png"
    for path, frame in zip(paths, _frames(), strict=True):
        encode_picture(Picture(frame.pixels.astype(np.uint16) * np.uint16(257), exif), path)
    for path, rating, keyword in ((long, "1", "blurred"), (short, "5", "sharp")):
        sidecar = rdf(bag("dc:subject", keyword), f'xmp:Rating="{rating}" crs:Exposure2012="+1"')
        path.with_suffix(".xmp").write_text(sidecar, encoding="utf-8")
    return paths


def test_the_history_names_model_strength_and_photos() -> None:
    long, short = _frames()
    photos = (
        Frame(Path("folder/a\nb"), long.pixels, exposure=Exposure(0.5, 100)),
        Frame(Path("folder/short"), short.pixels, exposure=Exposure(0.03, 1600)),
    )
    restored = Restorer(Recipe(device="cpu", strength=0.8)).restore(*photos)
    properties = xmp.parse(restored.picture().description.xmp)
    (entry,) = _history(properties)
    assert entry[name("stEvt:parameters")] == (
        f"model {MODEL}; strength 0.8; long photo a\\nb (0.5 s · ISO 100); "
        "short photo short (1/33 s · ISO 1600)"
    )


def test_the_history_names_a_crop() -> None:
    recipe = Recipe(device="cpu", align="none", crop=Box(8, 16, 48, 32))
    picture = Restorer(recipe).restore(*_frames()).picture()
    (entry,) = _history(xmp.parse(picture.description.xmp))
    assert "; a part of 48 x 32 pixels from 8, 16; " in str(entry[name("stEvt:parameters")])


def test_what_the_short_photos_sidecar_says_holds(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    facts = restore(*pair, tmp_path / "out.jpg", Recipe(device="cpu"))
    found = xmp.parse(read_description(tmp_path / "out.jpg").description.xmp)
    assert found[name("dc:subject")] == xmp.Array("Bag", ("sharp",))
    assert found[name("xmp:Rating")] == "5"
    assert name("crs:Exposure2012") not in found
    assert len(_history(found)) == 1
    assert not facts.notes


def test_a_damaged_sidecar_is_a_note(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    for path in pair:
        path.with_suffix(".xmp").write_text("<x", encoding="utf-8")
    facts = restore(*pair, tmp_path / "out.tif", Recipe(device="cpu"))
    assert facts.notes == ("short.png: short.xmp is damaged or too large, and was left out",)


def test_without_metadata_nothing_is_carried_over(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    out = tmp_path / "out.png"
    restore(*pair, out, Recipe(device="cpu"))
    assert metadata.of_file(out) == ({}, {}, {})
    carried = out.read_bytes()
    restore(*pair, out, Recipe(device="cpu", metadata=False, overwrite=True))
    bare = out.read_bytes()
    assert [b"Ann\0" in data for data in (carried, bare)] == [True, False]
    assert [b"sharp" in data for data in (carried, bare)] == [True, False]
    assert read_description(out).description.xmp == b""


def test_an_aligned_long_photo_says_what_its_own_file_says(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    align_pair(*pair, tmp_path / "out.png")
    found = xmp.parse(read_description(tmp_path / "out.png").description.xmp)
    assert found[name("dc:subject")] == xmp.Array("Bag", ("blurred",))
    (entry,) = _history(found)
    assert entry[name("stEvt:parameters")] == "long photo long.png, aligned to short.png"
