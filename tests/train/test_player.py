import pytest

torch = pytest.importorskip("torch")

from pairfix.train.distributed import Workers  # noqa: E402
from pairfix.train.player import Ema, Player  # noqa: E402
from tests.train.fakes import CPU, small_recipe  # noqa: E402


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_one_gradient_that_is_not_finite_leaves_all_weights_as_they_are(
    precision: str, value: str
) -> None:
    """The convolution's weight is Muon's, its bias is Adam's."""
    conv = torch.nn.Conv2d(16, 16, 3, padding=1)
    recipe = small_recipe(steps=1, optimiser="muon", precision=precision)
    player = Player(conv, (0.9, 0.99), recipe, CPU)
    sound = conv(torch.ones(1, 16, 8, 8)).square().mean()
    player.step({"sound": sound}, 1e-3, Workers())
    before = {name: tensor.clone() for name, tensor in conv.state_dict().items()}
    unsound = conv(torch.ones(1, 16, 8, 8)).square().mean() + float(value) * conv.bias[0]
    player.step({"unsound": unsound}, 1e-3, Workers())
    assert player.read().skipped == 1
    for name, tensor in conv.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_the_average_follows_the_weights_and_copies_buffers() -> None:
    network = torch.nn.BatchNorm1d(1)
    ema = Ema(network, 0.5)
    with torch.no_grad():
        network.weight.fill_(3.0)
        network.running_mean.fill_(7.0)
    for _ in range(2):
        ema.update(network)
    assert ema.network.weight.item() == pytest.approx(3 - 2 * 0.1 * 2 / 11)
    assert ema.network.running_mean.item() == 7.0
    assert not ema.network.training
    assert not ema.network.weight.requires_grad


def test_the_decay_grows_to_its_limit() -> None:
    network = torch.nn.Linear(1, 1)
    ema = Ema(network, 0.5)
    ema.updates = 1000
    before = ema.network.weight.item()
    with torch.no_grad():
        network.weight.add_(1.0)
    ema.update(network)
    assert ema.network.weight.item() == pytest.approx(before + 0.5)
