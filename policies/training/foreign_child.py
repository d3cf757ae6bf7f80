"""The process that opens foreign ``.pt`` files: ``python -m policies.training.foreign_child``.

torch is imported first, then the process gives up network, new processes, files and memory
(``recorder.importers.confinement``), and only then is the file opened, with ``weights_only=True``
and never without. That switch was got round twice (CVE-2025-32434 before 2.6, CVE-2026-24747
before 2.10), so an older torch does not open anything.
"""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recorder.importers.child import Answer, Question, serve
from recorder.importers.confinement import confine
from recorder.importers.limits import Limits, Refused

LEAST_TORCH = (2, 10)
NESTS = ("state_dict", "model_state_dict", "model", "ema_model", "ema", "module", "network")
DEPTH = 4
TENSORS = 20_000
MEMBERS = 20_000
WEIGHTS_BYTES = 4 << 30
MESSAGE_BYTES = 128 << 20
NAME = re.compile(r"^[A-Za-z0-9_./-]{1,200}$")


def read_weights(path: Path, limits: Limits) -> Iterator[Answer]:
    """Yield ``{"name": ...}`` with one float32 array per tensor of the file."""
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < LEAST_TORCH:
        raise Refused(
            f"'{path.name}': torch {torch.__version__} opens pickles unsafely; 2.10 is the least"
        )
    _check_archive(path)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - torch raises pickle's own error here
        said = str(error).strip().splitlines()
        raise Refused(
            f"'{path.name}' holds more than weights ({(said or ['unreadable'])[0][:160]}); ask its "
            "maker for a safetensors file"
        ) from None
    for name, value in _weights(path, found).items():
        if not NAME.match(name):
            raise Refused(f"'{path.name}' names a tensor '{name[:80]}'")
        if type(value) not in (Tensor, torch.nn.Parameter) or value.layout != torch.strided:
            raise Refused(f"'{path.name}': '{name}' is no plain tensor")
        if value.is_quantized or not (value.dtype.is_floating_point or value.ndim == 0):
            continue  # counters of batch normalisation and such
        if value.numel() * 4 > MESSAGE_BYTES:
            raise Refused(
                f"'{path.name}': '{name}' has {value.numel()} numbers, {MESSAGE_BYTES // 4} is the "
                "limit"
            )
        plain = value.detach().to(torch.float32).contiguous()
        if not bool(plain.isfinite().all()):
            raise Refused(f"'{path.name}': '{name}' is not finite")
        yield {"name": name}, [plain.numpy()]


def _check_archive(path: Path) -> None:
    """Refuse what is no plain zip of torch before torch sees it: its old formats, and bombs."""
    if not zipfile.is_zipfile(path):
        raise Refused(
            f"'{path.name}' is a bare pickle of an old torch; ask its maker for a safetensors file"
        )
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    total = sum(one.file_size for one in members)
    if len(members) > MEMBERS or total > WEIGHTS_BYTES:
        raise Refused(
            f"'{path.name}' claims {len(members)} members of {total} bytes, {MEMBERS} and "
            f"{WEIGHTS_BYTES} are the limits"
        )
    packed = [one.filename for one in members if one.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise Refused(f"'{path.name}': '{packed[0][:80]}' is compressed, which torch never does")


def _weights(path: Path, found: Any) -> Mapping[str, Tensor]:
    for _ in range(DEPTH):
        if not isinstance(found, Mapping):
            break
        tensors = {name: value for name, value in found.items() if isinstance(value, Tensor)}
        if tensors and all(isinstance(name, str) for name in tensors):
            if len(tensors) > TENSORS:
                raise Refused(f"'{path.name}' has {len(tensors)} tensors, {TENSORS} is the limit")
            return tensors
        inner = [name for name in NESTS if isinstance(found.get(name), Mapping)]
        if not inner:
            break
        found = found[inner[0]]
    raise Refused(f"'{path.name}' holds no table of weights by name")


QUESTIONS: dict[str, Question] = {"torch.weights": read_weights}


def main(argv: list[str]) -> int:
    """Confine this process, then answer."""
    torch.set_num_threads(1)
    torch.zeros(1).isfinite().all()  # what torch loads late, it loads now
    limits = Limits.model_validate_json(argv[0])
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)  # what a library prints must not look like an answer
    confine(limits, Path(argv[1]))
    try:
        serve(sys.stdin.buffer, sink, limits, lambda topic: QUESTIONS)
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
