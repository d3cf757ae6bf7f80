"""Several processes that share a batch: means of gradients, and one opinion on when to stop."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
import torch.distributed as distributed
from torch import Tensor

TIMEOUT_S = 600.0


class Ranks:
    """This process among those of a training; alone unless a launcher started several.

    Attributes
    ----------
    rank, size : int
        Number of this process, and how many there are.
    """

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        self._own = False

    @property
    def first(self) -> bool:
        """Whether this one writes files and talks to people."""
        return self.rank == 0

    def join(self, device: torch.device) -> None:
        """Wait for the others; raises ``RuntimeError`` when they do not come."""
        if self.size > 1 and not distributed.is_initialized():
            from datetime import timedelta

            backend = "nccl" if device.type == "cuda" else "gloo"
            distributed.init_process_group(backend, timeout=timedelta(seconds=TIMEOUT_S))
            self._own = True

    def leave(self) -> None:
        """Part from the others."""
        if self._own and distributed.is_initialized():
            distributed.destroy_process_group()

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by their mean over all processes, in place."""
        if self.size == 1:
            return
        kept = list(tensors)
        flat = torch.cat([value.reshape(-1) for value in kept])
        distributed.all_reduce(flat)
        flat /= self.size
        at = 0
        for value in kept:
            value.copy_(flat[at : at + value.numel()].view_as(value))
            at += value.numel()

    def mean(self, *values: float) -> tuple[float, ...]:
        """The mean of each value over all processes."""
        if self.size == 1:
            return values
        found = self._small(values)
        distributed.all_reduce(found)
        return tuple((found / self.size).tolist())

    def agree(self, *values: float) -> tuple[float, ...]:
        """The largest of each value over all processes."""
        if self.size == 1:
            return values
        found = self._small(values)
        distributed.all_reduce(found, op=distributed.ReduceOp.MAX)
        return tuple(found.tolist())

    def _small(self, values: tuple[float, ...]) -> Tensor:
        found = torch.tensor(values, dtype=torch.float64)
        return found.cuda(self.local_rank) if distributed.get_backend() == "nccl" else found
