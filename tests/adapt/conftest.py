import cv2
import numpy as np
import pytest

from pairfix.image import AlignedPair, Domain
from pairfix.model import Model
from tests.adapt.models import small_model
from tests.scenes import aligned, raw_frame, rgb_frame, scene


@pytest.fixture(scope="session", params=["raw", "srgb"])
def domain(request: pytest.FixtureRequest) -> Domain:
    """Both domains, one after the other."""
    chosen: Domain = request.param
    return chosen


@pytest.fixture(scope="session")
def deblurrer(domain: Domain) -> Model:
    """A small SelfIR that takes noise maps."""
    pytest.importorskip("torchvision")
    return small_model("selfir", domain, noise=True)


@pytest.fixture(scope="session")
def module(domain: Domain) -> Model:
    """A small reblurring module."""
    pytest.importorskip("torchvision")
    return small_model("reblur-module", domain)


@pytest.fixture(scope="session")
def pair(domain: Domain) -> AlignedPair:
    """A blurred long exposure and a noisy short one."""
    make = raw_frame if domain == "raw" else rgb_frame
    sharp = scene((160, 192), radius=2)
    blurred = np.stack([cv2.blur(plane, (9, 1)) for plane in sharp])
    return aligned(make(sharp, name="short", noise=0.02), make(blurred, name="long"))
