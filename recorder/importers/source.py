"""Find out what a foreign source is, and refuse early what cannot be read safely at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from recorder.importers.limits import Refused

ImportFormat = Literal["auto", "lerobot", "robomimic"]
Found = Literal["lerobot", "robomimic", "archive"]
HASH_BLOCK_BYTES = 4 << 20
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
HDF5 = (".hdf5", ".h5")
PICKLED = {
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch",
    ".bin": "PyTorch",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "joblib",
    ".npy": "NumPy",
    ".npz": "NumPy",
}


def recognise(source: Path, wanted: ImportFormat) -> tuple[Found, Path]:
    """Say what a source is and where its data begins.

    Parameters
    ----------
    source : Path
        Folder or file.
    wanted : str
        ``auto`` or what it must be.

    Raises
    ------
    Refused
        When it is nothing this program imports.
    """
    if not source.exists():
        raise Refused(f"'{source}' does not exist")
    if source.is_dir():
        return _recognise_folder(source, wanted)
    if not source.is_file():
        raise Refused(f"'{source.name}' is neither a file nor a folder")
    name = source.name.lower()
    program = PICKLED.get(source.suffix.lower())
    with open(source, "rb") as file:
        head = file.read(8)
    if program or head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise Refused(
            f"'{source.name}' is a {program or 'pickle'} file, which can run any code when it is "
            "opened; export it as LeRobot v3 or robomimic HDF5 where it was made, and import that"
        )
    if head == b"\x89HDF\r\n\x1a\n" or name.endswith(HDF5):
        return _agree("robomimic", source, wanted)
    if name.endswith(ARCHIVES):
        return "archive", source
    raise Refused(
        f"'{source.name}' begins with {head!r}; importable are a LeRobot v3 folder, a zip or tar "
        "of one, and a robomimic HDF5 file"
    )


def _recognise_folder(source: Path, wanted: ImportFormat) -> tuple[Found, Path]:
    for root in (source, *sorted(path for path in source.iterdir() if path.is_dir())):
        if (root / "meta" / "info.json").is_file():
            return _agree("lerobot", root, wanted)
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in HDF5)
    if len(files) == 1:
        return _agree("robomimic", files[0], wanted)
    if files:
        raise Refused(f"'{source.name}' holds {len(files)} HDF5 files; import them one by one")
    raise Refused(
        f"'{source.name}' has neither meta/info.json (LeRobot) nor an HDF5 file (robomimic)"
    )


def _agree(found: Found, path: Path, wanted: ImportFormat) -> tuple[Found, Path]:
    if wanted not in ("auto", found):
        raise Refused(f"'{path.name}' is a {found} dataset, {wanted} was asked for")
    return found, path


def source_sha256(root: Path, files: Iterable[Path], tick: Callable[[], None]) -> str:
    """SHA-256 over names and bytes of the files that identify a dataset.

    Parameters
    ----------
    root : Path
        Names count relative to it.
    files : iterable of Path
        In a fixed order.
    tick : callable
        Called after every block; may raise ``Cancelled``.
    """
    digest = hashlib.sha256()
    for path in files:
        name = path.name if root.is_file() else path.relative_to(root).as_posix()
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        with open(path, "rb", buffering=0) as file:
            while block := file.read(HASH_BLOCK_BYTES):
                digest.update(block)
                tick()
    return digest.hexdigest()
