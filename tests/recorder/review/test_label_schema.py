"""A label schema that cannot be used: which line, which key, what stands there, what would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.review.schema import LabelSchemaError, load_label_schemas

GOOD = """\
schema: thenar.labels/1
task: turn
phases:
  - name: reach
    title: Reach
    definition: The hand moves to the key.
    key: A
  - name: turn
    title: Turn
    definition: The key turns.
    key: B
events:
  - {name: slip, title: Slip, definition: It slips., key: C}
"""


def fault(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "label_schemas"
    folder.mkdir(exist_ok=True)
    (folder / "a.yaml").write_text(text)
    with pytest.raises(LabelSchemaError) as raised:
        load_label_schemas(tmp_path)
    said = str(raised.value)
    assert said.startswith(f"label schema '{folder / 'a.yaml'}'")
    assert "Value error" not in said
    assert "pattern" not in said
    return said


def test_the_good_one_is_taken(tmp_path: Path) -> None:
    (tmp_path / "label_schemas").mkdir()
    (tmp_path / "label_schemas" / "a.yaml").write_text(GOOD)
    assert [each.key for each in load_label_schemas(tmp_path)["turn"].phases] == ["A", "B"]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("key: B", "key: A", 11, "key 'phases.1.key' 'A' is the key of 'reach' already; give one"),
        ("key: C", "key: A", 13, "key 'events.0.key' 'A' is the key of 'reach' already"),
        ("name: turn", "name: reach", 8, "key 'phases.1.name' 'reach' stands in phases already"),
        ("key: B", "key: bb", 11, "is 'bb', not one capital letter or digit"),
        ("key: B", "key: 7", 11, "is 7, which is no text; put it into quotes"),
        ("name: turn", "name: Turn it", 8, "is 'Turn it', not small letters, digits and _"),
        ("task: turn", "task: Turn", 2, "key 'task' is 'Turn', not '*', or small letters"),
        ("title: Turn", "titel: Turn", 8, "key 'phases.1.title' is missing; write it"),
        ("    key: B", "    keys: B", 11, "key 'phases.1.keys' is not known here"),
        ("thenar.labels/1", "thenar.labels/9", 1, "key 'schema' is 'thenar.labels/9'"),
    ],
)
def test_the_sentence_names_line_key_value_and_way_out(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    said = fault(tmp_path, GOOD.replace(old, new, 1))
    assert f", line {line}: " in said
    assert words in said


def test_a_tenth_failure_mode_is_one_too_many(tmp_path: Path) -> None:
    modes = "".join(f"  - {{name: m{n}, title: M, definition: d}}\n" for n in range(10))
    said = fault(tmp_path, f"{GOOD}failure_modes:\n{modes}")
    assert "line 24: key 'failure_modes.9' is one more than the digits 1 to 9 can choose" in said


def test_what_is_no_yaml_or_no_text_is_told_too(tmp_path: Path) -> None:
    assert ", line 3 is not valid YAML" in fault(tmp_path, "schema: thenar.labels/1\ntask: [turn\n")
    assert "is empty or not a mapping" in fault(tmp_path, "")
    (tmp_path / "label_schemas" / "a.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(LabelSchemaError, match="cannot be read"):
        load_label_schemas(tmp_path)
