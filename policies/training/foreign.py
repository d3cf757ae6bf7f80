"""Weights of others: ``.pt`` files become safetensors in a confined child, or are refused.

Ladder: too large or no torch archive -> refused before it is opened; more than weights in it ->
refused by the child; the child dies -> one sentence. Names and shapes are compared with a policy of
ours before anything can run with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from policies.networks.checkpoint import expected_shapes, write_tensors
from policies.policy_card import card_of
from policies.policy_facts import CARD_NAME, read_facts, write_facts
from policies.policy_files import PolicyFileError, write_text, write_whole
from recorder.importers.guard import Guard
from recorder.importers.limits import GIB, MIB, Limits, Refused

CHILD = "policies.training.foreign_child"
FILE_BYTES = 4 * GIB
LIMITS = Limits(  # torch alone maps about 3 GB
    address_space_bytes=16 * GIB, cpu_s=600, silence_s=120.0, message_bytes=256 * MIB
)


def foreign_weights(path: Path, limits: Limits = LIMITS) -> dict[str, NDArray[np.float32]]:
    """Read the tensors of a ``.pt`` file in a confined child.

    Raises
    ------
    PolicyFileError
        It holds more than weights, is damaged, or too large.
    """
    if not path.is_file():
        raise PolicyFileError(f"there is no file '{path}'")
    size = path.stat().st_size
    if size > FILE_BYTES:
        raise PolicyFileError(f"'{path}' has {size} bytes, {FILE_BYTES} is the limit")
    found: dict[str, NDArray[np.float32]] = {}
    try:
        with Guard(limits, module=CHILD) as guard:
            for reply in guard.ask("torch.weights", path):
                found[str(reply.facts["name"])] = reply.arrays[0].copy()
    except Refused as error:
        raise PolicyFileError(str(error)) from None
    if not found:
        raise PolicyFileError(f"'{path}' holds no weights")
    return found


def convert_weights(path: Path, out: Path) -> int:
    """Write the tensors of a ``.pt`` file as safetensors; returns how many numbers.

    Raises
    ------
    PolicyFileError
        See ``foreign_weights``; or ``out`` exists or cannot be written.
    """
    if out.exists():
        raise PolicyFileError(f"'{out}' exists already; choose another name or remove it first")
    weights = foreign_weights(path)
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    write_whole(out, lambda part: save_file(tensors, part))
    return sum(value.size for value in weights.values())


def convert_policy(path: Path, like: Path, out: Path) -> int:
    """Make a policy of the weights of a ``.pt`` file and the description of a policy of ours.

    Parameters
    ----------
    path : Path
    like : Path
        Policy folder with the same network; its statistics and layout are taken.
    out : Path
        Folder to make.

    Returns
    -------
    int
        How many numbers were taken.

    Raises
    ------
    PolicyFileError
        Names or shapes differ from the network's, or see ``foreign_weights``.
    """
    if out.exists():
        raise PolicyFileError(f"'{out}' exists already; choose another folder or remove it first")
    facts = read_facts(like)
    weights = foreign_weights(path)
    _compare(path, weights, expected_shapes(facts.config, facts.layout, facts.normaliser))
    try:
        out.mkdir(parents=True)
    except OSError as error:
        raise PolicyFileError(f"folder '{out}' cannot be made: {error.strerror}") from None
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    written = write_tensors(out, "weights", tensors)
    made = facts.model_copy(
        update={
            "name": out.absolute().name,
            "weights": written,
            "state": "converted",
            "curves": (),
            "converted_from": path.name,
        }
    )
    write_facts(out, made)
    write_text(out / CARD_NAME, card_of(made))
    return written.parameters


def _compare(
    path: Path, found: Mapping[str, NDArray], expected: Mapping[str, tuple[int, ...]]
) -> None:
    for name, shape in expected.items():
        if name not in found:
            raise PolicyFileError(
                f"'{path.name}' has no weights '{name}' ({len(found)} others); it is of another "
                "network"
            )
        if tuple(found[name].shape) != tuple(shape):
            raise PolicyFileError(
                f"'{path.name}': weights '{name}' are {list(found[name].shape)}, {list(shape)} "
                "belong there"
            )
    extra = [name for name in found if name not in expected]
    if extra:
        raise PolicyFileError(f"'{path.name}': weights '{extra[0]}' belong to no layer of ours")
