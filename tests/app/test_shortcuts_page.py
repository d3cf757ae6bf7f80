"""The page of shortcuts is the action table's."""

from __future__ import annotations

from pathlib import Path

from app.actions import ACTIONS
from app.shortcuts_page import markdown_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "shortcuts.md"


def test_the_page_in_the_documentation_is_up_to_date():
    assert PAGE.read_text() == markdown_page(), (
        "run: thenar shortcuts --markdown > docs/shortcuts.md"
    )


def test_the_page_names_every_action_with_its_key():
    text = markdown_page()
    for item in ACTIONS:
        assert f"{item.key} `" in text or f"`{item.key}`" in text
        assert item.hint in text
