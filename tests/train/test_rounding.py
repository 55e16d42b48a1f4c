"""Training sees the activations that int8 leaves."""

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.train import rounding  # noqa: E402
from pairfix.train.fusion import Fusion  # noqa: E402
from pairfix.train.rounding import (  # noqa: E402
    measure_activations,
    round_activations,
    round_to_levels,
)
from tests.train.fakes import small_fusion, smooth_pairs  # noqa: E402

NAME = "EB1.conv"


@pytest.fixture
def fusion() -> Fusion:
    return small_fusion(normalised=False)


def pairs() -> PairBatch:
    return smooth_pairs(torch.Generator().manual_seed(1))


def output_of(fusion: Fusion, name: str) -> Any:  # noqa: ANN401
    found = []
    conv = fusion.modules_by_graph["fusion"].get_submodule(name)
    with torch.no_grad():
        handle = conv.register_forward_hook(lambda _, __, output: found.append(output.clone()))
        fusion(pairs().sources)
    handle.remove()
    return found[0]


def test_ranges_hold_nearly_all_values_and_0(fusion: Fusion) -> None:
    activations = measure_activations(fusion, [pairs()])
    low, high = activations[f"{NAME}.weight"].output
    values = output_of(fusion, NAME)
    assert low <= 0 <= high
    inside = (values >= low) & (values <= high)
    assert inside.float().mean() > 0.999


def test_ranges_are_those_of_all_columns(fusion: Fusion, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixty-fourth of the values, of pictures whose sides are a multiple of 64."""
    batch = smooth_pairs(torch.Generator().manual_seed(1), crop=64)
    whole = measure_activations(fusion, [batch])[f"{NAME}.weight"]
    monkeypatch.setattr(rounding, "_SAMPLE", 2 * 8 * 64)
    sampled = measure_activations(fusion, [batch])[f"{NAME}.weight"]
    for ours, theirs in ((sampled.input, whole.input), (sampled.output, whole.output)):
        assert ours[1] - ours[0] == pytest.approx(theirs[1] - theirs[0], rel=0.2)


def test_the_widest_range_of_all_batches_counts(fusion: Fusion) -> None:
    one, other = pairs(), smooth_pairs(torch.Generator().manual_seed(2))
    each = [measure_activations(fusion, [batch])[f"{NAME}.weight"] for batch in (one, other)]
    both = measure_activations(fusion, [one, other])[f"{NAME}.weight"]
    assert both.output[0] == min(one.output[0] for one in each)
    assert both.input[1] == max(one.input[1] for one in each)


def test_the_output_layer_and_what_must_be_fine_are_not_rounded(fusion: Fusion) -> None:
    names = measure_activations(fusion, [pairs()]).keys()
    assert "DB5.conv1.weight" in names
    assert not names & {"EB0_2.conv.weight", "DB5.conv2.weight", "DB5.conv3.weight"}


def test_rounded_activations_have_256_levels_with_0_among_them(fusion: Fusion) -> None:
    round_activations(fusion, measure_activations(fusion, [pairs()]))
    levels = output_of(fusion, NAME).unique()
    assert 16 < len(levels) <= 256
    assert 0 in levels


@pytest.mark.parametrize("limits", [(-0.7, 2.3), (0.0, 1.0), (-3.0, 0.0)])
def test_rounding_and_its_gradient_are_those_of_pytorchs_quantisation(
    limits: tuple[float, float],
) -> None:
    low, high = limits
    scale = (high - low) / 255
    x = torch.linspace(-4, 4, 4001)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    rounded = round_to_levels(ours, limits)
    expected = torch.fake_quantize_per_tensor_affine(theirs, scale, round(-low / scale), 0, 255)
    assert torch.equal(rounded, expected)
    for result in (rounded, expected):
        result.sum().backward()
    beyond = (x < low - scale) | (x > high + scale)
    within = (x > low + scale) & (x < high - scale)
    for gradient in (ours.grad, theirs.grad):
        assert (gradient[within] == 1).all()
        assert (gradient[beyond] == 0).all()


def test_rounding_keeps_the_type_that_training_computes_in() -> None:
    x = torch.linspace(-1, 1, 99, dtype=torch.bfloat16)
    assert round_to_levels(x, (-0.5, 0.5)).dtype == torch.bfloat16


def test_copies_round_too_and_measuring_leaves_no_trace(fusion: Fusion) -> None:
    before = fusion(pairs().sources)
    activations = measure_activations(fusion, [pairs()])
    assert torch.equal(fusion(pairs().sources), before)
    round_activations(fusion, activations)
    after = fusion(pairs().sources)
    assert not torch.equal(after, before)
    assert torch.equal(copy.deepcopy(fusion)(pairs().sources), after)


def test_gradients_pass_through_rounding(fusion: Fusion) -> None:
    round_activations(fusion, measure_activations(fusion, [pairs()]))
    fusion(pairs().sources).square().mean().backward()
    for name, parameter in fusion.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
