"""The page of shortcuts in the documentation, from the action table and the built-in labels."""

from __future__ import annotations

from collections.abc import Iterator

from app.actions import ACTIONS, MENUS
from recorder.review.schema import ANY_TASK, load_label_schemas

PLACES = {"": "Everywhere", "Record": "Record", "Review": "Review", "Clean": "Clean"}
HEAD = """\
# Keys

This page is written by `thenar shortcuts --markdown` from the action table; a test compares them.
Change keys under *Help > Change keys* (Ctrl+K): press the new key, and a key that is taken is named
and can be swapped. Keys count by the letter printed on them or by their place on a US keyboard.
Actions marked with a dot can be bound to a pedal or a gamepad button in the same dialog. `?` shows
the keys of the workspace on the screen.
"""


def markdown_page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_tables(), *_labels()])


def _tables() -> Iterator[str]:
    for place, title in PLACES.items():
        yield f"## {title}\n"
        for menu in MENUS:
            rows = [item for item in ACTIONS if item.menu == menu and item.workspace == place]
            if not rows:
                continue
            yield f"### {menu}\n"
            yield "| key | action | pedal | what it does |"
            yield "| --- | --- | --- | --- |"
            for item in rows:
                dot = "\N{BULLET}" if item.pedal else ""
                yield f"| {_code(item.key)} | {item.title} | {dot} | {item.hint} |"
            yield ""


def _labels() -> Iterator[str]:
    schema = load_label_schemas()[ANY_TASK]
    yield "### Phases and events\n"
    yield "From the label schema of the task; these are the built-in ones.\n"
    yield "| key | label | definition |"
    yield "| --- | --- | --- |"
    for term in (*schema.phases, *schema.events):
        yield f"| {_code(term.key)} | {term.title} | {term.definition} |"
    yield ""


def _code(key: str) -> str:
    return f"`` {key} ``" if "`" in key else f"`{key}`"
