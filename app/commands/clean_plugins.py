"""``thenar clean plugins``: list models of the user, prepare known ones, accept a licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from recorder.cleaning.plugins.manifest import Plugin


def plugins(
    dataset: Annotated[Path | None, typer.Argument(help="Also the plug-ins of it.")] = None,
    prepare_id: Annotated[
        str, typer.Option("--prepare", help="Write the manifest of a known model, e.g. propainter.")
    ] = "",
    checkout: Annotated[
        Path | None, typer.Option("--checkout", help="Where its repository lies.")
    ] = None,
    python: Annotated[
        Path | None, typer.Option("--python", help="Python of its environment.")
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Its ONNX file.")] = None,
    accept_id: Annotated[
        str, typer.Option("--accept", help="Read and accept the licence of this one.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Accept without being asked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List plug-ins, prepare one, or accept its licence; nothing runs before that."""
    from recorder.cleaning.plugins import shelf, templates
    from recorder.dataset import open_dataset

    with fail():
        if prepare_id:
            made = templates.prepare(prepare_id, checkout, python, model)
            show(f"'{made.path}' is written; look at it, then: thenar clean plugins --accept "
                 f"{made.id}")  # fmt: skip
            return
        found = shelf.find_plugins(open_dataset(dataset) if dataset else None)
        if accept_id:
            chosen = [one for one in found.plugins if one.id == accept_id]
            if not chosen:
                raise LookupError(f"plug-in '{accept_id}' is not there; see: thenar clean plugins")
            _show_terms(chosen[0])
            if not yes and not typer.confirm("Accept?"):
                raise typer.Exit(1)
            shelf.accept(chosen[0])
            option = "masks" if chosen[0].manifest.task == "mask" else "filler"
            show(f"'{accept_id}' can be used now: --{option} plugin:{accept_id}")
            return
    facts = [
        {
            "id": one.id,
            "title": one.manifest.title,
            "task": one.manifest.task,
            "format": one.manifest.format,
            "licence": one.manifest.licence.name,
            "accepted": shelf.is_accepted(one),
        }
        for one in found.plugins
    ]
    if as_json:
        listed = {"plugins": facts, "problems": found.problems, "known": list(templates.TEMPLATES)}
        show(json.dumps(listed, indent=1))
        return
    for one in facts:
        state = "accepted" if one["accepted"] else "licence not accepted yet"
        show(f"{one['id']:<20} {one['task']:<5} {one['format']:<13} {one['licence']}, {state}")
    for problem in found.problems:
        show(f"not usable: {problem}")
    if not facts and not found.problems:
        show(f"no plug-ins in '{shelf.user_folder()}'")
    show(f"known models, to be had with --prepare: {', '.join(templates.TEMPLATES)}")


def _show_terms(plugin: Plugin) -> None:
    manifest = plugin.manifest
    show(f"{plugin.id}: {manifest.licence.name} ({manifest.licence.kind}) {manifest.licence.link}")
    show(plugin.licence_text())
    if manifest.command:
        show(f"It runs: {' '.join(manifest.command)}")
    if manifest.run_in:
        show(f"in the folder: {manifest.run_in}")
    for name, value in manifest.environment.items():
        show(f"with the variable: {name}={value}")
    if manifest.format == "torch-trusted":
        show(f"'{manifest.file}' is a program; accept it only if you trust it.")
