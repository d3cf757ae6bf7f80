"""How the command line speaks: plain lines, and errors as one sentence with exit code 1."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import typer
from pydantic import ValidationError


def show(text: str, *, err: bool = False) -> None:
    """Print ``text`` to stdout, or to stderr for progress and problems."""
    typer.echo(text, err=err)


@contextlib.contextmanager
def fail() -> Iterator[None]:
    """Turn the program's own errors into one line on stderr and exit code 1."""
    try:
        yield
    except typer.Exit:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        show(f"thenar: '{key}': {first['msg']}, got {first.get('input')!r}", err=True)
        raise typer.Exit(1) from None
    except (ValueError, OSError, RuntimeError, TimeoutError, LookupError) as error:
        show(f"thenar: {error}", err=True)
        raise typer.Exit(1) from None
