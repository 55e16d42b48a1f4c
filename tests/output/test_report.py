from dataclasses import replace
from pathlib import Path

import pytest

from pairfix.image import DevelopSettings, SingleFrame
from pairfix.light import planes_from_frame
from pairfix.model import Model
from pairfix.networks import NETWORKS
from pairfix.output.report import Adaptation, unused_photos, unused_settings
from pairfix.recipe import DngKind
from tests.scenes import aligned, raw_frame, rgb_frame, scene


def model(*inputs: str) -> Model:
    network = NETWORKS["selfir"]
    return Model("mine", Path("mine"), network, network.config(inputs=inputs), "raw", {})


def test_a_photo_that_the_model_does_not_take_is_remarked() -> None:
    pair = aligned(raw_frame(scene()), raw_frame(scene(), name="long.dng"))
    assert unused_photos(pair, model("short", "long")) == ()
    (remark,) = unused_photos(pair, model("long"))
    assert "restores from the long exposure alone" in remark


def test_a_single_photo_is_never_unused() -> None:
    frame = raw_frame(scene())
    assert unused_photos(SingleFrame(frame, "long", planes_from_frame(frame)), model("long")) == ()


@pytest.mark.parametrize(
    ("settings", "dng", "remarks"),
    [
        (DevelopSettings(exposure=1), "cfa", 0),
        (DevelopSettings(demosaic="ppg"), "cfa", 1),
        (DevelopSettings(demosaic="ppg"), None, 0),
        (DevelopSettings(demosaic="ppg"), "linear", 0),
        (DevelopSettings(highlight_mode="blend"), "linear", 1),
        (DevelopSettings(colour_space="rec2020"), "cfa", 1),
        (DevelopSettings(colour_space="rec2020", demosaic="ppg"), "cfa", 2),
        (DevelopSettings(colour_space="rec2020"), None, 0),
    ],
)
def test_settings_in_vain_are_remarked(
    settings: DevelopSettings,
    dng: DngKind | None,
    remarks: int,
) -> None:
    found = unused_settings(settings, raw_frame(scene()), dng)
    assert len(found) == remarks


def test_a_raw_that_was_developed_first_heeds_the_settings() -> None:
    settings = DevelopSettings(white_balance="daylight")
    picture = rgb_frame(scene())
    assert len(unused_settings(settings, picture, None)) == 1
    assert not unused_settings(settings, replace(picture, developed=True), "linear")


@pytest.mark.parametrize(("psnr", "told"), [(51.5, 51.5), (float("inf"), None)])
def test_an_adaptation_that_changed_nothing_has_no_psnr_in_json(
    psnr: float, told: float | None
) -> None:
    assert Adaptation("mine", 5, 0.2, 0.1, psnr).as_json()["psnr"] == told
