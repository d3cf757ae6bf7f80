"""``thenar policy``: look at a trained policy, convert the weights of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.reporting import fail, show

cli = typer.Typer(
    name="policy",
    help="Look at trained policies; convert foreign weights.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cli.command(name="show", epilog="Example: thenar policy show ./policy")
def show_policy(
    policy: Annotated[Path, typer.Argument(help="Policy folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print its facts as JSON.")] = False,
) -> None:
    """Print the card of a policy."""
    from policies.policy_card import card_of
    from policies.policy_facts import facts_as_dict, read_facts

    with fail():
        facts = read_facts(policy)
        show(json.dumps(facts_as_dict(facts), indent=1) if as_json else card_of(facts).rstrip())


@cli.command(epilog="Example: thenar policy convert resnet18.pt --out resnet18.safetensors")
def convert(
    file: Annotated[Path, typer.Argument(help="A .pt file of somebody else.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="What to make; else FILE.safetensors beside it.")
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option("--like", help="Policy of ours with the same network; makes a policy folder."),
    ] = None,
) -> None:
    """Turn a .pt file into safetensors in a confined process; nothing of it is ever run."""
    from policies.training.foreign import convert_policy, convert_weights

    with fail():
        if like is not None:
            target = out or file.with_suffix("")
            count = convert_policy(file, like, target)
        else:
            target = out or file.with_suffix(".safetensors")
            count = convert_weights(file, target)
    show(f"'{target}': {count:,} numbers of '{file}'")
