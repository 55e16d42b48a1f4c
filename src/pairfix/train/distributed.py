"""Several processes that train one network together, started by torchrun (torch)."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from pairfix.errors import PairfixError

__all__ = ["Workers", "joined"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workers:
    """The processes of a training, seen from one of them; a single process exchanges nothing."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and messages."""
        return self.rank == 0

    def copy_from_leader(self, modules: Iterable[nn.Module]) -> None:
        """Give every process the leader's weights."""
        if self.count > 1:
            with torch.no_grad():
                for module in modules:
                    for tensor in module.state_dict().values():
                        distributed.broadcast(tensor, 0)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each process's gradients by the mean over all processes, in one exchange."""
        if self.count == 1:
            return
        gradients = [_gradient(parameter) for parameter in parameters]
        flat = torch.cat([each.flatten() for each in gradients])
        distributed.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [each.numel() for each in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def agree(self, share: float, *, stop: bool) -> tuple[float, bool]:
        """The leader's share of the training, and whether any process wants to stop.

        The exchange takes place on the host, so that no process waits for a device.
        """
        if self.count == 1:
            return share, stop
        sums = torch.tensor([share if self.leads else 0.0, float(stop)], dtype=torch.float64)
        distributed.all_reduce(sums)
        return float(sums[0]), bool(sums[1])

    def led(self, begin: Callable[[], T]) -> T | None:
        """Let the leader do something while the others wait; if it fails, all of them do.

        Returns:
            What the leader got from it; None in all other processes.

        Raises:
            PairfixError: The leader's.
        """
        result, failure = None, None
        if self.leads:
            try:
                result = begin()
            except PairfixError as error:
                failure = error
        if failure := self.gather(failure)[0]:
            raise failure
        return result

    def gather(self, value: T) -> list[T]:
        """The value of every process, by rank."""
        if self.count == 1:
            return [value]
        values: list[T] = [value] * self.count
        distributed.all_gather_object(values, value)
        return values


@contextmanager
def joined(device: torch.device) -> Iterator[Workers]:
    """Join the other processes that torchrun has started; a single process without torchrun.

    Args:
        device: Where this process trains; gradients are exchanged by NCCL on CUDA, else by Gloo.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Workers()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield Workers(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
