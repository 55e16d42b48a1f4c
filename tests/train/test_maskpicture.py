"""The sharp patches as a picture."""

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from pairfix.image import Domain  # noqa: E402
from pairfix.train.maskpicture import mask_picture  # noqa: E402


@pytest.mark.parametrize(("domain", "channels"), [("raw", 4), ("srgb", 3)])
def test_sharp_patches_are_framed_and_others_dimmed(domain: Domain, channels: int) -> None:
    generator = torch.Generator().manual_seed(0)
    texture = torch.rand(channels, 64, 140, generator=generator)
    sharp = 0.1 + 0.8 * functional.avg_pool2d(texture, 3, 1, 1)
    long = sharp.clone()
    long[..., 64:] = functional.avg_pool2d(sharp, (1, 9), 1, (0, 4), count_include_pad=False)[
        ..., 64:
    ]
    restored = sharp.mean() + 0.995 * (sharp - sharp.mean())
    given = long.clone()
    png = mask_picture(long, restored, domain)
    assert torch.equal(long, given)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (64, 140, 3)
    assert (picture[0, :64] == (0, 255, 0)).all()
    assert (picture[:, 63] == (0, 255, 0)).all()
    assert not (picture[:, 64:] == (0, 255, 0)).all(axis=2).any()
    inside, dimmed, left_over = (
        picture[2:62, 2:62].mean(),
        picture[:, 64:128].mean(),
        picture[:, 128:].mean(),
    )
    assert dimmed == pytest.approx(0.4 * inside, rel=0.05)
    assert left_over == pytest.approx(dimmed, rel=0.1)
