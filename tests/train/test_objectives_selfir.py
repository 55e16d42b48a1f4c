"""SelfIR's objective in linear light: where its minimum lies, and what may sway it."""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from pairfix.networks import NETWORKS  # noqa: E402
from pairfix.noise import LEVELS  # noqa: E402
from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.synth.light import decode_planes, encode_planes  # noqa: E402
from pairfix.synth.noise_maps import affine_curve  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402
from pairfix.train import training as running  # noqa: E402
from pairfix.train.objectives import OBJECTIVES, ObjectiveSettings  # noqa: E402
from pairfix.train.objectives.self_supervised import Encoded, SelfSupervised  # noqa: E402
from pairfix.train.objectives.selfir import LinearLight  # noqa: E402
from pairfix.train.task import Pairs, Task  # noqa: E402
from tests.train.fakes import CPU, small_recipe, smooth_pairs  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Generator, Tensor

    from pairfix.image import Domain
    from pairfix.train.objectives.self_supervised import Measure

SELFIR = NETWORKS["selfir"]
GAINS = {"raw": (1.9, 1.0, 1.0, 1.6), "srgb": (1.9, 1.0, 1.6)}
"""White balance, which amplifies noise."""
SHADOW = {"raw": (0.02, 0.03, 0.03, 0.04), "srgb": (0.08, 0.06, 0.07)}
"""Linear light of a dark, tinted patch; srgb cuts off at 0, so that it takes a little more."""
READ = {"raw": 0.03, "srgb": 0.01}
"""Standard deviation of the noise before the white balance."""
DRAWS, SIDE = 400, 16


def generator(seed: int = 0) -> "Generator":
    return torch.Generator().manual_seed(seed)


def column(values: "tuple[float, ...]") -> "Tensor":
    return torch.tensor(values).view(1, -1, 1, 1)


def curve(domain: "Domain") -> "Tensor":
    read = (READ[domain] * torch.tensor(GAINS[domain])).square()[None]
    return affine_curve(torch.zeros_like(read), read, domain)[0]


def shadows(domain: "Domain", draws: int = DRAWS, seed: int = 1) -> tuple[PairBatch, "Tensor"]:
    """One dark scene under many draws of noise, and its linear light, flat within cells."""
    clean = column(SHADOW[domain]) * torch.linspace(0.8, 1.2, SIDE // 2).repeat_interleave(2)
    clean = clean.expand(draws, -1, SIDE, -1)
    noise = READ[domain] * torch.randn(clean.shape, generator=generator(seed))
    short = encode_planes(clean + column(GAINS[domain]) * noise, domain)
    long = encode_planes(clean, domain)
    noise_map = torch.zeros_like(short)
    truth = torch.full_like(short, torch.nan)
    return PairBatch(short, long, truth, noise_map, noise_map), clean[:1]


class Free(nn.Module):
    """Instead of a network: the same picture whatever it sees, each pixel free to learn."""

    def __init__(self, picture: "Tensor") -> None:
        super().__init__()
        self.picture = nn.Parameter(picture.clone())
        self.seen: list[bool] = []

    def forward(self, sources: "Mapping[str, Tensor]") -> "Tensor":
        self.seen.append(torch.is_grad_enabled())
        scale = sources["short"].shape[-1] // self.picture.shape[-1]
        picture = self.picture.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
        return picture.expand(len(sources["short"]), -1, -1, -1)


def objective(free: nn.Module, measure: "Measure", auxiliary: float = 0.0) -> SelfSupervised:
    network: Any = free
    return SelfSupervised(network, measure, regularisation=4, auxiliary=auxiliary, similarity=0.99)


def total(free: nn.Module, measure: "Measure", batch: PairBatch) -> "Tensor":
    return torch.stack(list(objective(free, measure).losses("", batch, generator()).values())).sum()


def learnt(batch: PairBatch, measure: "Measure", domain: "Domain") -> "Tensor":
    """Linear light of the picture that minimises the losses."""
    free = Free(torch.full((1, batch.short.shape[1], SIDE // 2, SIDE // 2), 0.3))
    optimiser = torch.optim.LBFGS(free.parameters(), max_iter=25, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimiser.zero_grad()
        loss = total(free, measure, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    optimiser.step(closure)
    return decode_planes(free.picture.detach(), domain)


def means(light: "Tensor") -> "Tensor":
    return light.mean(dim=(0, 2, 3))


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_the_minimum_is_the_clean_picture_without_tint(domain: "Domain") -> None:
    batch, clean = shadows(domain)
    light = learnt(batch, LinearLight(curve(domain), domain), domain)
    torch.testing.assert_close(means(light), means(clean), rtol=0.02, atol=0)
    deviation = READ[domain] * column(GAINS[domain]) / DRAWS**0.5
    assert ((light - clean[..., ::2, ::2]).abs() < 6 * deviation).all()


def test_encoded_values_would_tint_shadows_green() -> None:
    batch, clean = shadows("raw")
    share = means(learnt(batch, Encoded(), "raw")) / means(clean)
    assert (share < 0.95).all()
    assert share[[0, 3]].max() < 0.95 * share[[1, 2]].min()


def gradient(at: float, batch: PairBatch, measure: "Measure") -> "Tensor":
    free = Free(torch.full((1, batch.short.shape[1], SIDE // 2, SIDE // 2), at))
    total(free, measure, batch).backward()  # type: ignore[no-untyped-call]
    assert free.picture.grad is not None
    return free.picture.grad


def test_the_weights_know_nothing_of_the_targets_noise() -> None:
    """Two targets pull differently, and as much stronger from further away, to rounding."""
    measure = LinearLight(curve("raw"), "raw")
    slope = torch.cosh(torch.tensor([0.2, 0.5]) * torch.asinh(torch.tensor(20.0)))
    stiffness = []
    for seed in (1, 2):
        batch, _ = shadows("raw", draws=1, seed=seed)
        near, far = (
            gradient(at, batch, measure) / bend for at, bend in zip((0.2, 0.5), slope, strict=True)
        )
        stiffness.append(far - near)
    assert (stiffness[0] > 0).all()
    torch.testing.assert_close(*stiffness, rtol=1e-4, atol=0)


@pytest.mark.parametrize(("domain", "level"), [("raw", 0.999), ("srgb", 0.999), ("srgb", 0.01)])
def test_what_may_be_cut_off_pulls_at_nothing(domain: "Domain", level: float) -> None:
    batch, _ = shadows(domain, draws=2)
    long = torch.full_like(batch.long, 0.5)
    long[..., :8, :8] = level
    pull = gradient(0.3, dataclasses.replace(batch, long=long), LinearLight(curve(domain), domain))
    assert (pull[..., :4, :4] == 0).all()
    assert (pull[..., 4:, :] != 0).all()


def test_saturated_samples_count_in_no_term() -> None:
    batch = smooth_pairs(generator(1), crop=64)
    fine = 0.1 * torch.rand(batch.long.shape, generator=generator(2))
    batch = dataclasses.replace(batch, long=0.89 + fine)
    free = Free((batch.long[:1, :, ::2, ::2] - 0.94) * 0.995 + 0.94)
    measure = LinearLight(torch.full((4, len(LEVELS)), 0.1), "raw")
    losses = objective(free, measure, auxiliary=2).losses("", batch, generator())
    assert [each.item() for each in losses.values()] == [0, 0, 0]


def test_weights_are_the_inverse_variance_in_linear_light() -> None:
    read = torch.tensor([[0.02**2, 0.01**2, 0.01**2, 0.03**2]])
    shot = torch.tensor([[0.004, 0.002, 0.002, 0.003]])
    measure = LinearLight(affine_curve(shot, read, "raw")[0], "raw")
    light = decode_planes(torch.from_numpy(LEVELS[[2, 6, 10]]), "raw")
    weights = torch.stack(
        [
            measure.weight(encode_planes(level, "raw").expand(1, 4, 8, 8))[0, :, 4, 4]
            for level in light
        ]
    )
    variances = shot * light[:, None] + read
    torch.testing.assert_close(
        weights * variances, (weights * variances)[:1, :1].expand(3, 4), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_noise_equal_at_all_levels_leaves_the_scale_of_encoded_losses(domain: "Domain") -> None:
    measure = LinearLight(torch.full((len(GAINS[domain]), len(LEVELS)), 0.02), domain)
    long = torch.full((1, len(GAINS[domain]), 8, 8), float(LEVELS[8]))
    near = [measure.values(long + step) for step in (0.0, 1e-3)]
    squared = measure.weight(long) * (near[1] - near[0]).square()
    torch.testing.assert_close(squared, torch.full_like(squared, 1e-6), rtol=0.01, atol=0)


def build(channels: int = 4, **settings: Any) -> tuple[Free, Any]:  # noqa: ANN401
    free: Any = Free(torch.full((1, channels, 16, 16), 0.3))
    config = SELFIR.config(channels=channels)
    make = OBJECTIVES["selfir"].build
    (phase,) = make(free, SELFIR, config, ObjectiveSettings(**settings), generator())
    return free, phase


@pytest.mark.parametrize(("channels", "weight"), [(4, 4), (3, 2)])
def test_it_has_the_papers_terms_and_weights(channels: int, weight: float) -> None:
    free, phase = build(channels)
    assert (phase.learning_rate, phase.share) == (1e-4, 1)
    batch = smooth_pairs(generator(1), channels=channels)
    losses = phase.objective.losses("network", batch, generator())
    assert list(losses) == ["reconstruction", "regularisation", "auxiliary"]
    assert free.seen == [True, False]
    _, plain = build(channels, regularisation=1.0, auxiliary=0.0)
    one = plain.objective.losses("network", batch, generator())
    assert list(one) == ["reconstruction", "regularisation"]
    assert (losses["regularisation"] / one["regularisation"]).item() == pytest.approx(weight)


def test_the_cameras_curve_changes_what_counts() -> None:
    batch = smooth_pairs(generator(1))
    given = tuple((0.01 * (row + 1),) * len(LEVELS) for row in range(4))
    first, second = (
        build(noise_curve=each)[1].objective.losses("", batch, generator())["reconstruction"]
        for each in (None, given)
    )
    assert first != second


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (((0.1,) * 17,) * 3, "4 x 17 values"),
        (((0.1,) * 5,) * 4, "4 x 17 values"),
        (((0.0,) * 17,) * 4, "positive"),
        (((float("nan"),) * 17,) * 4, "positive"),
    ],
)
def test_a_curve_that_does_not_fit_is_refused(
    given: tuple[tuple[float, ...], ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build(noise_curve=given)


def measured(photos: "Path", domain: "Domain") -> Task:
    rows = tuple(tuple(row) for row in curve(domain).tolist())
    settings = ObjectiveSettings(noise_curve=rows)
    config = SELFIR.config(channels=len(rows), width=4)
    return Task(SELFIR, config, photos, "selfir", settings, SynthRecipe(domain=domain, blur=(0, 8)))


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_a_training_is_finite_and_the_same_again(
    domain: "Domain", photos: "Path", tmp_path: "Path", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "build_model", lambda *_, **__: None)
    recipe, task, states = small_recipe(steps=2, crop=64), measured(photos, domain), []
    for name in ("first", "second"):
        trained = running.train(task, tmp_path / name, recipe, CPU)
        assert trained.complete
        losses = [value for each in trained.log.losses for value in each.losses.values()]
        assert torch.tensor(losses).isfinite().all()
        stored = torch.load(trained.folder / "state.pt", weights_only=True)
        states.append(stored["state"]["ema"])
    torch.testing.assert_close(*states, rtol=0, atol=0)


def test_a_checkpoint_belongs_to_a_curve(photos: "Path") -> None:
    task = measured(photos, "raw")
    identity = Pairs.load(task, small_recipe(steps=1), CPU).identity(1, None)
    given = task.settings.noise_curve
    assert given is not None
    stored = json.loads(json.dumps(identity))
    assert stored["objective noise_curve"] == [list(row) for row in given]
