import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pairfix import light as reference  # noqa: E402
from pairfix.image import Domain  # noqa: E402
from pairfix.synth.light import (  # noqa: E402
    decode_planes,
    encode_planes,
    linear_to_srgb,
    srgb_to_linear,
)

LEVELS = np.linspace(-0.2, 3, 2001, dtype=np.float32)


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_planes_are_encoded_as_in_restoring(domain: Domain) -> None:
    expected = reference.encode_planes(LEVELS[None, None].copy(), domain)[0, 0]
    encoded = encode_planes(torch.from_numpy(LEVELS), domain).numpy()
    np.testing.assert_allclose(encoded, expected, atol=1e-6)


def test_srgb_curves_are_those_of_restoring() -> None:
    levels = LEVELS[(LEVELS >= 0) & (LEVELS <= 1)]
    tensor = torch.from_numpy(levels)
    np.testing.assert_allclose(
        linear_to_srgb(tensor).numpy(), reference.linear_to_srgb(levels), atol=1e-6
    )
    np.testing.assert_allclose(
        srgb_to_linear(tensor).numpy(), reference.srgb_to_linear(levels), atol=1e-6
    )


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_planes_are_decoded_as_in_restoring(domain: Domain) -> None:
    levels = np.linspace(-0.5 if domain == "raw" else 0, 1, 1001, dtype=np.float32)
    decoded = decode_planes(torch.from_numpy(levels), domain).numpy()
    expected = reference.decode_planes(levels[None, None].copy(), domain)[0, 0]
    np.testing.assert_allclose(decoded, expected, atol=1e-6)


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_decoding_cuts_nothing_off(domain: Domain) -> None:
    beyond = torch.linspace(-0.6, 1.6, 23, requires_grad=True)
    light = decode_planes(beyond, domain)
    assert (light.diff() > 0).all()
    light.sum().backward()  # type: ignore[no-untyped-call]
    assert beyond.grad is not None
    assert (beyond.grad > 0).all()
