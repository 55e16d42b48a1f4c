from dataclasses import fields, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from pairfix.image import Domain  # noqa: E402
from pairfix.light import decode_planes  # noqa: E402
from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.synth.noise import NOISES  # noqa: E402
from pairfix.synth.optics import Exposed  # noqa: E402
from pairfix.synth.sensor import capture  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402

SIZE = 64
QUIET = SynthRecipe(row_noise=0, hot_pixels=0)
CASES = [(domain, name) for name, model in NOISES.items() for domain in model.domains]


def exposed(count: int, size: int = SIZE, level: float | None = None) -> Exposed:
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand((count, 3, 4, 4), generator=generator)
    light = torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear")
    if level is not None:
        light = torch.full_like(light, level)
    return Exposed(long=light, sharp=light.clone())


def captured(recipe: SynthRecipe, light: Exposed, seed: int = 0) -> PairBatch:
    return capture(light, recipe, torch.Generator().manual_seed(seed))


def rms(values: Tensor) -> Tensor:
    return values.square().mean(dim=(1, 2, 3)).sqrt()


@pytest.mark.parametrize(("domain", "name"), CASES)
@pytest.mark.parametrize("jpeg", [0.0, 0.5])
def test_every_model_works_in_its_domains(domain: Domain, name: str, jpeg: float) -> None:
    recipe = replace(SynthRecipe(), domain=domain, noise=(name,), jpeg=jpeg)
    batch = captured(recipe, exposed(12))
    shape = (12, 4, SIZE // 2, SIZE // 2) if domain == "raw" else (12, 3, SIZE, SIZE)
    for each in fields(batch):
        tensor = getattr(batch, each.name)
        assert tensor.shape == shape
        assert tensor.dtype == torch.float32
        assert torch.isfinite(tensor).all()
    assert batch.truth.min() >= 0
    assert batch.truth.max() <= 1
    assert batch.short_noise.min() > 0
    assert rms(batch.short - batch.truth).mean() > rms(batch.long - batch.truth).mean()


@pytest.mark.parametrize(("domain", "name"), CASES)
def test_noise_maps_show_the_noise_that_is_there(domain: Domain, name: str) -> None:
    recipe = replace(QUIET, domain=domain, noise=(name,))
    batch = captured(recipe, exposed(24, level=0.4))
    noise = batch.short - batch.truth
    ratio = rms(noise - noise.mean((2, 3), keepdim=True)) / rms(batch.short_noise)
    assert ratio.median() == pytest.approx(1, rel=0.05)


def test_processed_pairs_are_told_less_noise_than_processing_left() -> None:
    recipe = replace(QUIET, domain="srgb", processing=1.0, jpeg=1.0)
    batch = captured(recipe, exposed(48, level=0.4))
    noise = batch.short - batch.truth
    ratio = rms(noise - noise.mean((2, 3), keepdim=True)) / rms(batch.short_noise)
    assert 1.15 < ratio.median() < 1.45


def test_noise_maps_err() -> None:
    def spread(domain: Domain) -> float:
        batch = captured(replace(QUIET, domain=domain), exposed(48, level=0.4))
        noise = batch.short - batch.truth
        return float((batch.short_noise.mean((2, 3)) / noise.std((2, 3))).log().std())

    assert spread("raw") == pytest.approx(0.15, abs=0.05)
    assert spread("srgb") == pytest.approx(0.2, abs=0.06)


def test_a_frame_that_was_stored_dark_has_the_truths_colours() -> None:
    recipe = replace(QUIET, domain="srgb", ratio=(16.0, 16.0), processing=1.0)
    batch = captured(recipe, exposed(48, size=128))
    light, truth = (decode_planes(each.numpy(), "srgb") for each in (batch.short, batch.truth))
    means = light.mean(axis=(2, 3)) / truth.mean(axis=(2, 3))
    assert np.quantile(np.abs(means - 1), 0.75) < 0.1


def test_the_same_seed_captures_the_same_pairs() -> None:
    recipe = replace(SynthRecipe(), noise=("sensor", "physical"))
    one, same, other = (captured(recipe, exposed(5), seed) for seed in (1, 1, 2))
    for each in fields(PairBatch):
        assert torch.equal(getattr(one, each.name), getattr(same, each.name))
    assert not torch.equal(one.short, other.short)


def test_the_dark_is_not_clipped_in_raw() -> None:
    batch = captured(QUIET, exposed(16, level=0.0))
    dark = torch.from_numpy(decode_planes(batch.short.numpy(), "raw"))
    assert torch.all(dark.amin(dim=(1, 2, 3)) < 0)
    error = dark.std(dim=(1, 2, 3)) / (dark[0].numel() ** 0.5)
    assert torch.all(dark.mean(dim=(1, 2, 3)).abs() < 5 * error + 1e-3)


def test_light_sources_are_clipped_at_white() -> None:
    batch = captured(QUIET, exposed(8, level=50.0))
    assert torch.all(batch.truth == 1)
    assert batch.short.max() == 1
    assert batch.short.mean() > 0.999


def test_long_and_short_frames_are_equally_bright() -> None:
    batch = captured(QUIET, exposed(32))
    long, short = (decode_planes(each.numpy(), "raw").mean() for each in (batch.long, batch.short))
    assert long == pytest.approx(short, rel=0.05)


def test_models_take_turns() -> None:
    recipe = replace(QUIET, domain="srgb", noise=("sensor", "gaussian"))
    light = exposed(6, level=0.5)
    batch = captured(recipe, light)
    display = torch.tensor(0.5) ** (1 / 2.4) * 1.055 - 0.055
    untouched = (batch.truth - display).abs().amax(dim=(1, 2, 3)) < 1e-5
    assert untouched.tolist() == [False, True] * 3


def test_a_recipe_says_how_strong_gaussian_noise_is() -> None:
    recipe = replace(QUIET, domain="srgb", noise=("gaussian",), sigma=(0.03, 0.03))
    batch = captured(recipe, exposed(4, level=0.2))
    assert (batch.short - batch.truth).std() == pytest.approx(0.03, rel=0.03)


def test_fewer_pairs_than_models_are_no_trouble() -> None:
    recipe = replace(QUIET, domain="srgb", noise=tuple(NOISES))
    batch = captured(recipe, exposed(2))
    assert len(batch.truth) == 2


@pytest.mark.parametrize(
    ("noise", "complaint"),
    [(("gaussian",), "raw domain"), (("snow",), "unknown"), ((), "no noise model")],
)
def test_impossible_noise_is_refused(noise: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        captured(replace(QUIET, noise=noise), exposed(1))
