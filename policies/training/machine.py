"""Where a network is trained, and what to say when that place is too small."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from policies.data_account import TrainingError
from policies.policy_config import PolicyConfig
from policies.train_plan import TrainPlan

COMPILERS = ("torch._inductor", "torch._dynamo")
OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


def device_of(plan: TrainPlan, local_rank: int) -> torch.device:
    """Where to train.

    Raises
    ------
    TrainingError
        A GPU is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if plan.device == "cuda" and not there:
        raise TrainingError("no GPU is there; train on the processor with --device cpu")
    if plan.device == "cpu" or not there:
        return torch.device("cpu")
    return torch.device("cuda", local_rank % torch.cuda.device_count())


def device_name(device: torch.device) -> str:
    """For the card."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"processor, {torch.get_num_threads()} threads of {os.cpu_count()}"


@contextmanager
def memory_sentence(config: PolicyConfig) -> Iterator[None]:
    """Say what to change when memory runs out in the block, or nothing can be compiled.

    Raises
    ------
    TrainingError
        Instead of torch's own errors.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if type(error).__module__.startswith(COMPILERS):
            raise TrainingError(
                "the network cannot be compiled on this machine (a C++ compiler and Python's "
                "headers are needed); leave compile off, it trains without"
            ) from error
        if isinstance(error, RuntimeError) and not any(
            said in str(error).lower() for said in OUT_OF_MEMORY
        ):
            raise
        raise TrainingError(
            f"memory ran out with batches of {config.batch} and size '{config.size}'; choose a "
            "smaller batch, smaller pictures or a smaller size, what was written before is kept"
        ) from error
