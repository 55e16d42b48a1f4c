import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

from pairfix.synth.draw import Draw  # noqa: E402
from pairfix.synth.processing import (  # noqa: E402
    Processing,
    bilateral,
    blurred,
    from_luma_and_chroma,
    luma_and_chroma,
)

SIZE = (60, 72)
STRENGTHS = (0.0, 0.6, 1.5, 2.5)


@pytest.fixture(scope="module")
def picture() -> Tensor:
    """Colours, an edge and noise, ``3 x H x W``."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand((1, 3, 5, 6), generator=generator)
    smooth = functional.interpolate(coarse, SIZE, mode="bicubic", align_corners=False)[0]
    smooth[:, 20:40, 30:50] = 1 - smooth[:, 20:40, 30:50]
    return (smooth + 0.05 * torch.randn(3, *SIZE, generator=generator)).clamp(0, 1)


def column(*values: float) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


def image(planes: Tensor) -> np.ndarray:
    return np.ascontiguousarray(planes.permute(1, 2, 0).numpy())


def processing(**steps: Tensor) -> Processing:
    count = len(next(iter(steps.values())))
    none = {
        "chroma_sigma": torch.zeros(count, 1, 1, 1),
        "luma_range": torch.zeros(count, 1, 1, 1),
        "sharpening": torch.zeros(count, 1, 1, 1),
        "sharpened_sigma": torch.ones(count, 1, 1, 1),
    }
    return Processing(**{**none, **steps})


def noise_in_flat(process: Processing) -> tuple[Tensor, Tensor]:
    """Noise of luma and chroma in a grey picture, ``N`` each."""
    generator = torch.Generator().manual_seed(2)
    count = len(process.chroma_sigma)
    noise = torch.randn(1, 3, 96, 96, generator=generator).expand(count, -1, -1, -1)
    luma, chroma = luma_and_chroma(process.of(0.5 + 0.03 * noise))
    return luma.std(dim=(1, 2, 3)), chroma.std(dim=(1, 2, 3))


def test_luma_and_chroma_are_opencvs_and_come_back(picture: Tensor) -> None:
    luma, chroma = luma_and_chroma(picture[None])
    expected = cv2.cvtColor(image(picture), cv2.COLOR_RGB2YCrCb)
    found = torch.cat([luma, chroma + 0.5], dim=1)[0]
    np.testing.assert_allclose(image(found), expected, atol=1e-3)
    torch.testing.assert_close(from_luma_and_chroma(luma, chroma)[0], picture)


def test_the_gaussian_is_opencvs(picture: Tensor) -> None:
    batch = picture.expand(len(STRENGTHS), -1, -1, -1)
    results = blurred(batch, column(*STRENGTHS), max(STRENGTHS))
    torch.testing.assert_close(results[0], picture)
    for result, sigma in zip(results[1:], STRENGTHS[1:], strict=True):
        expected = cv2.GaussianBlur(image(picture), (0, 0), sigma)
        np.testing.assert_allclose(image(result), expected, atol=1e-3)


def test_the_bilateral_filter_is_opencvs(picture: Tensor) -> None:
    luma = picture[:1].expand(3, 1, -1, -1)
    results = bilateral(luma, column(0.0, 0.03, 0.2), 1.2)
    torch.testing.assert_close(results[0], luma[0])
    for result, limit in zip(results[1:], (0.03, 0.2), strict=True):
        expected = cv2.bilateralFilter(luma[0, 0].numpy(), 5, limit, 1.2)
        np.testing.assert_allclose(result[0].numpy(), expected, atol=2e-3)


def test_each_step_does_what_it_is_for() -> None:
    plain, smooth, calm, sharp = range(4)
    luma, chroma = noise_in_flat(
        processing(
            chroma_sigma=column(0, 1.5, 0, 0),
            luma_range=column(0, 0, 0.05, 0),
            sharpening=column(0, 0, 0, 0.5),
        )
    )
    assert chroma[smooth] < 0.3 * chroma[plain]
    assert luma[smooth] == pytest.approx(luma[plain].item(), rel=1e-3)
    assert luma[calm] < 0.8 * luma[plain]
    assert chroma[calm] == pytest.approx(chroma[plain].item(), rel=1e-3)
    assert luma[sharp] > 1.2 * luma[plain]


def test_pictures_that_no_camera_processed_stay_as_they_are(picture: Tensor) -> None:
    batch = picture.expand(6, -1, -1, -1)
    processed = column(0, 1, 0, 1, 1, 0)
    result = Processing.draw(processed, Draw(torch.Generator().manual_seed(0))).of(batch)
    changed = (result != batch).flatten(1).any(dim=1)
    assert torch.equal(changed, processed.flatten() > 0)
