import pytest

torch = pytest.importorskip("torch")

from pairfix.train.player import Ema  # noqa: E402


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
