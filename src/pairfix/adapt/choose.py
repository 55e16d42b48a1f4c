"""What an adaptation needs: a runtime with gradients, and a module that fits the network."""

from pairfix.backends import (
    BACKENDS,
    DeviceChoice,
    Precision,
    PrecisionChoice,
    Runtime,
    choose_runtime,
)
from pairfix.errors import DeviceError, ModelError
from pairfix.model import Model, default_reblur_module, find_model
from pairfix.progress import Stage

__all__ = ["ADAPT", "choose_adapting_runtime", "find_reblur_module"]

ADAPT = Stage("adapt", "Adapting to the photo")

_BACKEND = "torch"
_PRECISION: Precision = "fp32"


def choose_adapting_runtime(
    backend: str = "auto", device: DeviceChoice = "auto", precision: PrecisionChoice = "auto"
) -> Runtime:
    """Choose where a network is adapted and run: always PyTorch, always fp32.

    A step changes a weight by about 3e-6, which half precision rounds away.

    Args:
        backend: ``auto`` or ``torch``.
        device: As for `pairfix.choose_runtime`.
        precision: ``auto`` or ``fp32``.

    Raises:
        DeviceError: Another backend or precision is asked for, or the device is not there.
        MissingExtraError: PyTorch is not installed.
    """
    if backend not in ("auto", _BACKEND):
        title = BACKENDS[backend].title if backend in BACKENDS else backend
        raise DeviceError(
            f"--adapt needs gradients, which {title} does not compute", "use --backend torch"
        )
    if precision not in ("auto", _PRECISION):
        raise DeviceError(
            f"--adapt changes weights by less than {precision} resolves", "use --precision fp32"
        )
    return choose_runtime(_BACKEND, device, _PRECISION)


def find_reblur_module(name_or_folder: str | None, model: Model) -> Model:
    """The reblurring module with which to adapt a model.

    Args:
        name_or_folder: As for `pairfix.find_model`; None for the one that the model names.
        model: The model to be adapted.

    Raises:
        ModelError: There is no such module, it is for the other domain or is no reblurring
            module; or the model does not see the long exposure.
    """
    if "long" not in model.roles:
        raise ModelError(
            f"model {model.name} does not take the long exposure: there is no blur to adapt it to",
            "leave out --adapt, or use another model",
        )
    if name_or_folder is None:
        return default_reblur_module(model)
    module = find_model(name_or_folder)
    if not module.network.reblurs or module.domain != model.domain:
        raise ModelError(
            f"model {module.name} is a {module.network.title} for {module.domain} photos, "
            f"not a reblurring module for {model.domain} ones",
            "give one as --reblur-module, or leave the option out",
        )
    return module
