"""Manifests of known models, ready but for where the user has them: ``resources/plugins``.

``prepare`` writes one into the user's folder. It brings no model and fetches none, and what it
wrote still has to be accepted before it runs.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from recorder.cleaning.clip import CleanError
from recorder.cleaning.plugins.manifest import SUFFIX, Plugin, read_plugin
from recorder.cleaning.plugins.shelf import user_folder


@dataclass(frozen=True)
class Template:
    """A known model.

    Attributes
    ----------
    id : str
        Of the manifest.
    needs : tuple of str
        Files and folders of the project's checkout; empty for a model file alone.
    """

    id: str
    needs: tuple[str, ...] = ()


TEMPLATES = {
    one.id: one
    for one in (
        Template("lama"),
        Template("lama-joined"),
        Template("propainter", ("inference_propainter.py", "LICENSE")),
        Template("e2fgvi", ("test.py", "release_model/E2FGVI-HQ-CVPR22.pth")),
        Template(
            "diffueraser", ("run_diffueraser.py", "weights/diffuEraser", "weights/propainter")
        ),
        Template(
            "minimax-remover",
            ("pipeline_minimax_remover.py", "transformer", "vae", "scheduler"),
        ),
        Template("sam2", ("LICENSE", "checkpoints/sam2.1_hiera_large.pt")),
    )
}


def prepare(
    template_id: str,
    checkout: Path | None = None,
    python: Path | None = None,
    model: Path | None = None,
) -> Plugin:
    """Write the manifest of a known model into the user's folder.

    Parameters
    ----------
    template_id : str
    checkout : Path or None
        The project's repository on this machine, with its weights; not for a model file.
    python : Path or None
        Of the environment it runs in; by default ``.venv/bin/python`` of the checkout.
    model : Path or None
        The ONNX file; its hash is written down.

    Raises
    ------
    CleanError
        The model is not known, something is not there, or there is such a manifest already.
    """
    template = TEMPLATES.get(template_id)
    if template is None:
        raise CleanError(f"'{template_id}' is not known; choose one of {', '.join(TEMPLATES)}")
    words = _of_checkout(template, checkout, python) if template.needs else _of_model(model)
    folder = user_folder() / template.id
    if folder.exists():
        raise CleanError(f"'{folder}' is there already; remove it to prepare '{template.id}' again")
    with as_file(files("resources") / "plugins" / template.id) as source:
        folder.mkdir(parents=True)
        for path in sorted(source.iterdir()):
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
    manifest = folder / f"{template.id}{SUFFIX}"
    text = manifest.read_text()
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    manifest.write_text(text)
    return read_plugin(manifest)


def _of_checkout(template: Template, checkout: Path | None, python: Path | None) -> dict[str, str]:
    if checkout is None:
        raise CleanError(f"where '{template.id}' lies is missing; name it with --checkout FOLDER")
    checkout = checkout.expanduser().absolute()
    missing = [name for name in template.needs if not (checkout / name).exists()]
    if missing:
        raise CleanError(
            f"'{checkout}' has no '{missing[0]}'; name the folder of the project's repository, "
            "with its weights"
        )
    python = (python or checkout / ".venv/bin/python").expanduser().absolute()
    if not python.exists():
        raise CleanError(f"there is no '{python}'; name the Python of its environment by --python")
    return {"checkout": _in_quotes(checkout), "python": _in_quotes(python)}


def _of_model(model: Path | None) -> dict[str, str]:
    if model is None:
        raise CleanError("the model file is missing; name it with --model FILE")
    model = model.expanduser().absolute()
    try:
        with open(model, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CleanError(f"model '{model}' cannot be read: {error.strerror}") from None
    return {"model": _in_quotes(model), "sha256": sha256}


def _in_quotes(path: Path) -> str:
    """As it is written between double quotes in YAML."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
