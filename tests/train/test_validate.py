import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pairfix.light import encode_planes, linear_to_srgb  # noqa: E402
from pairfix.train.validate import Validation, show  # noqa: E402
from tests.train.fakes import smooth_pairs  # noqa: E402


def test_mosaics_are_shown_as_rgb() -> None:
    light = np.array([0.1, 0.2, 0.4, 0.5], np.float32).reshape(1, 4, 1, 1)
    shown = show(torch.from_numpy(encode_planes(light, "raw")), "raw")
    expected = linear_to_srgb(np.array([0.1, 0.3, 0.5], np.float32))
    np.testing.assert_allclose(shown[0, 0, 0], expected, atol=1e-5)


def test_rgb_is_shown_as_it_is() -> None:
    planes = torch.rand(2, 3, 4, 5, generator=torch.Generator())
    np.testing.assert_allclose(show(planes, "srgb"), planes.permute(0, 2, 3, 1), atol=1e-5)


def test_a_perfect_network_has_perfect_quality() -> None:
    generator = torch.Generator().manual_seed(0)
    batches = [smooth_pairs(generator, channels=3) for _ in range(2)]
    validation = Validation(batches, "srgb")
    truths = iter([batch.truth for batch in batches])
    quality = validation.measure(lambda _: next(truths).clamp(1e-4, 1))
    noisy = validation.noisy()
    assert quality.ssim > 0.999 > noisy.ssim
    assert noisy.psnr == pytest.approx(20, abs=1)
    assert quality.psnr > 60


def test_samples_show_short_long_result_and_truth() -> None:
    validation = Validation([smooth_pairs(torch.Generator())], "raw")
    png = validation.samples(lambda sources: sources["short"])
    sheet = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None
    assert sheet.shape == (64, 128, 3)
    np.testing.assert_array_equal(sheet[:, :32], sheet[:, 64:96])
