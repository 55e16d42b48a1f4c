import pytest

torch = pytest.importorskip("torch")

from pairfix.train.initialise import initialise  # noqa: E402
from tests.train.fakes import small_fusion  # noqa: E402


@pytest.mark.parametrize("name", ["deblurmerger", "deblurrnn"])
def test_weights_of_the_strided_networks_are_gaussian(name: str) -> None:
    fusion = small_fusion(name)
    initialise(fusion, name, torch.Generator().manual_seed(0))
    parameters = dict(fusion.named_parameters())
    weights = torch.cat([each.flatten() for each in parameters.values() if each.ndim > 1])
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)
    assert weights.mean().item() == pytest.approx(0, abs=0.001)
    scales = [each for name, each in parameters.items() if name.endswith("norm.weight")]
    assert scales
    assert all((each == 1).all() for each in scales)
    assert all((each == 0).all() for name, each in parameters.items() if name.endswith("bias"))


@pytest.mark.parametrize("name", ["d2hnet", "srn"])
def test_weights_of_others_are_glorots(name: str) -> None:
    fusion = small_fusion(name)
    initialise(fusion, name, torch.Generator().manual_seed(0))
    for each in fusion.parameters():
        if each.ndim > 1:
            fan = (each.shape[0] + each.shape[1]) * each[0, 0].numel()
            assert each.abs().max() <= (6 / fan) ** 0.5
            assert each.abs().max() > 0.8 * (6 / fan) ** 0.5
        else:
            assert each.abs().max() == 0


def test_the_same_generator_gives_the_same_weights() -> None:
    first, second = small_fusion("srn"), small_fusion("srn")
    for fusion in (first, second):
        initialise(fusion, "srn", torch.Generator().manual_seed(1))
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_selfir_starts_from_pytorchs_own_weights() -> None:
    fusion = small_fusion("selfir")
    before = {name: each.clone() for name, each in fusion.named_parameters()}
    initialise(fusion, "selfir", torch.Generator())
    assert all(torch.equal(each, before[name]) for name, each in fusion.named_parameters())
