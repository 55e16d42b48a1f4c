"""Refuse a model that does not suit the photos, or what is asked of it, before any work."""

from pairfix.errors import ModelError
from pairfix.image import ROLES, Domain
from pairfix.model import Model
from pairfix.stages.inputs import NOISE_MAPS

__all__ = ["check_domain", "check_model"]


def check_model(model: Model, photos: int, strength: float = 1.0) -> None:
    """Refuse a model that cannot restore from so many photos, or not at a strength.

    Raises:
        ModelError: It needs more, does not restore, restores from a single photo and the strength
            is below 1, or takes no noise maps and the strength is above 1.
    """
    if not model.network.restores:
        raise ModelError(
            f"model {model.name} does not restore: it serves training and --adapt",
            "see 'pairfix models list' for one that does",
        )
    if photos < len(model.roles):
        raise ModelError(f"model {model.name} needs a long and a short exposure", "give both")
    if strength < 1 and len(model.roles) < len(ROLES):
        raise ModelError(
            f"model {model.name} restores from a single photo: --strength below 1 does not apply",
            "leave out --strength, or choose a model that takes a pair, such as the default",
        )
    if strength > 1 and model.inputs.isdisjoint(NOISE_MAPS):
        raise ModelError(
            f"model {model.name} is not told how noisy the photos are: "
            "--strength above 1 does not apply",
            "give at most 1, or choose a model that is told, such as the default",
        )


def check_domain(model: Model, domain: Domain) -> None:
    """Refuse a model that is made for the other domain.

    Raises:
        ModelError: It is.
    """
    if model.domain != domain:
        raise ModelError(
            f"model {model.name} restores {model.domain} photos, not {domain} ones",
            "see 'pairfix models list' for one that fits",
        )
