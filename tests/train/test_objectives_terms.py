"""Each objective's losses, one by one."""

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from pairfix.networks import NETWORKS  # noqa: E402
from pairfix.networks.layers import add_norms  # noqa: E402
from pairfix.train.losses import discriminator_loss, l1  # noqa: E402
from pairfix.train.objectives import OBJECTIVES, ObjectiveSettings  # noqa: E402
from pairfix.train.objectives.adversarial import (  # noqa: E402
    Discriminator,
    build_discriminator,
)
from pairfix.train.objectives.reblurring import Reblurring  # noqa: E402
from pairfix.train.objectives.self_supervised import SelfSupervised  # noqa: E402
from pairfix.train.objectives.selfir_terms import draw_neighbours, pick  # noqa: E402
from pairfix.train.objectives.supervised import NoisySupervised, Supervised  # noqa: E402
from pairfix.train.transfer import initialise_gaussian  # noqa: E402
from tests.train.fakes import small_fusion, smooth_pairs  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Generator, Tensor

    from pairfix.synth.batch import PairBatch
    from pairfix.train.fusion import Fusion
    from pairfix.train.objectives import Objective


def generator(seed: int = 0) -> "Generator":
    return torch.Generator().manual_seed(seed)


def pairs(crop: int = 64, channels: int = 4) -> "PairBatch":
    return smooth_pairs(generator(1), crop=crop, channels=channels)


class Stub(nn.Module):
    """Instead of a network: a function of the sources, which it remembers."""

    def __init__(self, function: "Callable[[Mapping[str, Tensor]], Tensor]") -> None:
        super().__init__()
        self.function = function
        self.graphs = NETWORKS["selfir"].graphs(NETWORKS["selfir"].config())
        self.modules_by_graph = nn.ModuleDict({"fusion": nn.Identity()})
        self.seen: list[tuple[Mapping[str, Tensor], bool, bool]] = []

    def forward(self, sources: "Mapping[str, Tensor]") -> "Tensor":
        self.seen.append((sources, torch.is_grad_enabled(), self.training))
        return self.function(sources)


def answering(*pictures: "Tensor") -> Stub:
    """Returns the picture that is as large as the short frame."""
    by_size = {picture.shape: picture for picture in pictures}
    return Stub(lambda sources: by_size[sources["short"].shape])


def built(objective: str, name: str) -> tuple["Fusion", "Objective"]:
    network, fusion = NETWORKS[name], small_fusion(name)
    config = network.config(**network.small)
    build = OBJECTIVES[objective].build
    *_, phase = build(fusion, network, config, ObjectiveSettings(), generator())
    return fusion, phase.objective


def test_supervised_compares_with_the_truth() -> None:
    batch = pairs()
    stub: Any = Stub(lambda sources: sources["long"])
    losses = Supervised(stub, l1, lambda _restored, _truth: {}).losses("", batch, generator())
    assert losses == {"supervised": l1(batch.long, batch.truth)}


def test_a_network_of_several_scales_has_a_loss_at_each() -> None:
    fusion, objective = built("supervised", "srn")
    batch = pairs(crop=32)
    losses = objective.losses("network", batch, generator())
    assert list(losses) == ["supervised", "supervised/4", "supervised/2"]
    coarse, _, full = fusion.modules_by_graph["deblur"].scales(batch.long)  # type: ignore[operator]
    truth = functional.interpolate(batch.truth, coarse.shape[2:], mode="bilinear")
    assert losses["supervised"].item() == pytest.approx(l1(full, batch.truth).item())
    assert losses["supervised/4"].item() == pytest.approx(l1(coarse, truth).item())


def test_noisy_targets_are_the_short_frame_or_another_as_noisy() -> None:
    batch = pairs()
    blind: Any = Stub(lambda sources: sources["long"])
    blind.graphs = NETWORKS["srn"].graphs(NETWORKS["srn"].config())
    loss = NoisySupervised(blind).losses("", batch, generator())["noisy-supervised"]
    assert loss.item() == pytest.approx((batch.long - batch.short).square().mean().item())
    clean: Any = Stub(lambda _: batch.truth)
    first, second = (
        NoisySupervised(clean).losses("", batch, generator(seed))["noisy-supervised"].item()
        for seed in (0, 1)
    )
    assert first == pytest.approx(0.1**2, rel=0.05)
    assert first != second


def test_self_supervision_sub_samples_all_sources_alike_and_uses_no_truth() -> None:
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    places = (rows * 64 + columns).expand(2, 4, 64, 64)
    batch = dataclasses.replace(
        pairs(),
        short=places,
        long=places + 1,
        short_noise=places + 2,
        long_noise=places + 3,
        truth=torch.full_like(places, torch.nan),
    )
    stub: Any = Stub(lambda sources: sources["short"])
    objective = SelfSupervised(stub, regularisation=2, auxiliary=0, similarity=0.99)
    losses = objective.losses("network", batch, generator())
    (sub, grad, _), (whole, grad_of_whole, _) = stub.seen
    assert grad
    assert not grad_of_whole
    assert whole["short"].shape == (2, 4, 64, 64)
    assert sub["short"].shape == (2, 4, 32, 32)
    for offset, name in enumerate(("short", "long", "short_noise", "long_noise")):
        assert torch.equal(sub[name] - offset, sub["short"])
    assert losses["regularisation"] == 0
    assert losses["reconstruction"] > 0


def test_the_auxiliary_loss_pulls_towards_sharp_parts_of_the_long_frame_only() -> None:
    batch = pairs(crop=128)
    texture = 0.1 * torch.rand(batch.truth.shape, generator=generator(5))
    long = batch.truth + functional.avg_pool2d(texture, 3, 1, 1)
    dulled = 0.995 * (long - long.mean()) + long.mean()
    batch = dataclasses.replace(batch, long=long)
    first = draw_neighbours(batch.short, generator()).first
    losses = []
    for restored in (dulled, functional.avg_pool2d(dulled, 9, 1, 4)):
        stub: Any = answering(restored, pick(restored, first))
        objective = SelfSupervised(stub, regularisation=2, auxiliary=2, similarity=0.99)
        losses.append(objective.losses("network", batch, generator())["auxiliary"].item())
    assert losses[0] > 0
    assert losses[1] == 0


def test_the_weights_of_self_supervision_follow_the_domain() -> None:
    network = NETWORKS["selfir"]
    build = OBJECTIVES["self-supervised"].build
    stub: Any = Stub(lambda sources: sources["long"])
    for channels, weight in ((3, 2), (4, 4)):
        config, batch = network.config(channels=channels), pairs(channels=channels)
        usual, one = (
            build(stub, network, config, settings, generator())[0]
            .objective.losses("network", batch, generator())["regularisation"]
            .item()
            for settings in (ObjectiveSettings(), ObjectiveSettings(regularisation=1))
        )
        assert usual / one == pytest.approx(weight)


def test_self_supervision_ends_with_the_auxiliary_loss_unless_that_is_off() -> None:
    network = NETWORKS["selfir"]
    build = OBJECTIVES["self-supervised"].build
    fusion, config = small_fusion(), network.config(width=8)
    first, second = build(fusion, network, config, ObjectiveSettings(), generator())
    assert (first.learning_rate, second.learning_rate) == (3e-4, 1e-4)
    terms = [list(each.objective.losses("", pairs(), generator())) for each in (first, second)]
    assert terms[0] == ["reconstruction", "regularisation"]
    assert terms[1] == [*terms[0], "auxiliary"]
    (only,) = build(fusion, network, config, ObjectiveSettings(auxiliary=0), generator())
    assert only.share == 1


def test_the_generator_gets_the_terms_of_table_1() -> None:
    fusion, objective = built("adversarial", "deblurmerger")
    fusion.eval()
    batch = pairs(crop=32)
    losses = objective.losses("generator", batch, generator())
    assert list(losses) == ["adversarial", "content", "gradient", "dark_channel"]
    assert losses["adversarial"] < 0
    expected = 50 * l1(fusion(batch.sources), batch.truth)
    assert losses["content"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_deblurrnn_takes_turns_in_the_papers_order_and_its_denoiser_learns_content_only() -> None:
    fusion, objective = built("adversarial", "deblurrnn")
    assert list(objective.players) == ["denoiser", "discriminator", "generator"]
    losses = objective.losses("denoiser", pairs(crop=32), generator())
    assert list(losses) == ["content"]
    counted = sum(
        parameter.numel()
        for player in ("denoiser", "generator")
        for parameter in objective.players[player].parameters()
    )
    assert counted == sum(parameter.numel() for parameter in fusion.parameters())


def test_a_discriminator_learns_to_distinguish_noisy_pictures_from_clean_ones() -> None:
    discriminator = add_norms(Discriminator(4, width=8, depth=2))
    initialise_gaussian(discriminator, generator())
    optimiser = torch.optim.Adam(discriminator.parameters(), 2e-2)
    batch = pairs(crop=32)
    losses = []
    for _ in range(20):
        real, fake = discriminator(batch.truth, batch.short, batch.long)
        loss = discriminator_loss(real, fake)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert real.shape == fake.shape == (2,)
    assert losses[-1] < 0.5 * losses[0]


def test_discriminators_depend_on_the_generator_only() -> None:
    first, second = (build_discriminator(3, generator()).state_dict() for _ in range(2))
    weights = [name for name in first if "_u" not in name and "_v" not in name]
    assert all(torch.equal(first[name], second[name]) for name in weights)
    assert first["score.weight"].std().item() == pytest.approx(0.02, rel=0.1)


def test_a_reblurring_module_learns_to_blur_and_to_leave_sharp_pictures_unchanged() -> None:
    batch = pairs()
    deblurrer: Any = Stub(lambda sources: sources["long"] + sources["long_noise"])
    blur: Any = Stub(lambda sources: functional.avg_pool2d(sources["long"], 5, 1, 2))
    losses = Reblurring(blur, deblurrer).losses("reblurring", batch, generator())
    (given, grad, training), (sharp, *_) = deblurrer.seen
    assert not grad
    assert not training
    assert deblurrer.training
    assert given["long"] is batch.long
    assert sharp["long"] is batch.truth
    assert sharp["short"] is batch.short
    assert sharp["long_noise"].abs().max() == 0
    result = batch.long + batch.long_noise
    assert losses["blur"] == l1(functional.avg_pool2d(result, 5, 1, 2), batch.long)
    assert losses["sharp"] == l1(functional.avg_pool2d(batch.truth, 5, 1, 2), batch.truth)


def test_a_reblurring_module_may_preserve_real_pictures_or_none() -> None:
    batch = pairs()
    deblurrer: Any = Stub(lambda sources: 0.5 * sources["long"])
    blur: Any = Stub(lambda sources: functional.avg_pool2d(sources["long"], 5, 1, 2))
    real = Reblurring(blur, deblurrer, "real").losses("reblurring", batch, generator())
    nothing = Reblurring(blur, deblurrer, "nothing").losses("reblurring", batch, generator())
    assert len(deblurrer.seen) == 2
    assert real["sharp"] == l1(functional.avg_pool2d(batch.truth, 5, 1, 2), batch.truth)
    assert nothing == {"blur": real["blur"]}


def test_the_reblurring_loss_compares_reblurred_pictures() -> None:
    module, batch = small_fusion("reblur-module"), pairs(crop=32)
    reblurring = Reblurring(module, small_fusion())
    restored = batch.long.clone().requires_grad_()
    loss = reblurring.loss(restored, batch.truth)
    expected = l1(module({"long": batch.long}), module({"long": batch.truth}))
    assert loss.item() == pytest.approx(expected.item())
    assert reblurring.loss(batch.truth, batch.truth) == 0
    loss.backward()  # type: ignore[no-untyped-call]
    assert restored.grad is not None
    assert all(each.grad is None and each.requires_grad for each in module.parameters())
