"""Weights to and from files, and networks from policy folders.

Ladder of reading: name and type of the file -> size -> header -> checksum -> names and shapes
against the network that ``policy.json`` describes, built without memory -> loaded -> all finite.
Nothing is allocated before a file has passed everything that can be known without it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from policies.networks.policy_network import PolicyNetwork
from policies.normaliser import Normaliser
from policies.policy_config import PolicyConfig
from policies.policy_facts import PolicyFacts, WeightsFacts, read_facts
from policies.policy_files import PolicyFileError, check_tensors, weights_path, write_whole
from policies.policy_layout import PolicyLayout


def write_tensors(folder: Path, stem: str, tensors: Mapping[str, Tensor]) -> WeightsFacts:
    """Write tensors as ``<stem>-<sha256>.safetensors``; raises ``PolicyFileError``.

    Parameters
    ----------
    folder : Path
    stem : str
        ``weights`` or ``resume``.
    tensors : mapping
        Float32, finite.
    """
    plain = {
        name: value.detach().to("cpu", torch.float32).contiguous().clone()
        for name, value in tensors.items()
    }
    unsound = [name for name, value in plain.items() if not bool(value.isfinite().all())]
    if unsound:
        raise PolicyFileError(f"'{unsound[0]}' is not finite; nothing was written")
    aside = folder / f"{stem}.safetensors"

    def write(part: Path) -> None:
        try:
            save_file(plain, part)
        except SafetensorError as error:
            raise OSError(str(error)) from None

    write_whole(aside, write)
    with open(aside, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    final = folder / f"{stem}-{sha256[:12]}.safetensors"
    aside.replace(final)
    size = final.stat().st_size
    parameters = sum(value.numel() for value in plain.values())
    return WeightsFacts(file=final.name, bytes=size, sha256=sha256, parameters=parameters)


def read_tensors(
    folder: Path, facts: WeightsFacts, expected: Mapping[str, tuple[int, ...]] | None
) -> dict[str, Tensor]:
    """Read tensors of a policy folder.

    Parameters
    ----------
    folder : Path
    facts : WeightsFacts
    expected : mapping or None
        Shapes by name that must be there, and no others.

    Raises
    ------
    PolicyFileError
        Anything does not agree, or a value is not finite.
    """
    path = weights_path(folder, facts.file)
    shapes = check_tensors(path, facts.bytes, facts.sha256)
    if expected is not None:
        _compare(path, shapes, expected)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise PolicyFileError(f"'{path}' cannot be read: {error}") from None
    for name, value in tensors.items():
        if not bool(value.isfinite().all()):
            raise PolicyFileError(f"'{path}': weights '{name}' are not finite; train it again")
    return tensors


def _compare(
    path: Path, found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]
) -> None:
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing or extra:
        name = (missing or extra)[0]
        said = "are missing" if missing else "do not belong to this network"
        raise PolicyFileError(f"'{path}': weights '{name}' {said}")
    for name, shape in expected.items():
        if tuple(found[name]) != tuple(shape):
            raise PolicyFileError(
                f"'{path}': weights '{name}' are {list(found[name])}, {list(shape)} belong there"
            )


def expected_shapes(
    config: PolicyConfig, layout: PolicyLayout, normaliser: Normaliser
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights of a policy, without making them.

    Raises
    ------
    PolicyFileError
        No network can be made of these choices.
    """
    try:
        with torch.device("meta"):
            network = PolicyNetwork(config, layout, normaliser)
    except (ValueError, RuntimeError, KeyError, IndexError) as error:
        raise PolicyFileError(f"no network fits these choices: {error}") from None
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def load_network(folder: Path) -> tuple[PolicyNetwork, PolicyFacts]:
    """Read a policy folder; the network is on the processor, in evaluation mode.

    Raises
    ------
    PolicyFileError
        One sentence: what is wrong and what to do.
    """
    facts = read_facts(folder)
    expected = expected_shapes(facts.config, facts.layout, facts.normaliser)
    try:
        tensors = read_tensors(folder, facts.weights, expected)
    except PolicyFileError:
        again = read_facts(folder)  # a training may have put newer weights there meanwhile
        if again.weights == facts.weights:
            raise
        facts = again
        tensors = read_tensors(folder, facts.weights, expected)
    network = PolicyNetwork(facts.config, facts.layout, facts.normaliser)
    network.load_state_dict(tensors)
    return network.eval(), facts


def remove_old(folder: Path, stem: str, keep: str) -> None:
    """Remove files ``<stem>-*.safetensors`` and halves of killed writers, except ``keep``."""
    old = [path for path in folder.glob(f"{stem}-*.safetensors") if path.name != keep]
    for path in (*old, *folder.glob(f".{stem}*.part"), folder / f"{stem}.safetensors"):
        with contextlib.suppress(OSError):
            path.unlink()
