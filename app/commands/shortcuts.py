"""``thenar shortcuts``: every key, from the action table."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from app.reporting import show


def shortcuts(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of the documentation.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Print every action with its default key."""
    from app.actions import ACTIONS
    from app.shortcuts_page import markdown_page

    if markdown:
        show(markdown_page().rstrip("\n"))
    elif as_json:
        rows = [
            {"action": item.id.value, "key": item.key, "workspace": item.workspace,
             "menu": item.menu, "title": item.title, "pedal": item.pedal}
            for item in ACTIONS
        ]  # fmt: skip
        show(json.dumps(rows, indent=1))
    else:
        for item in ACTIONS:
            show(f"{item.workspace or 'everywhere':<10} {item.key:<14} {item.title}")
