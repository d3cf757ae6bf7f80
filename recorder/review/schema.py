"""Label schemas: which phases, events, failure modes and reasons a task knows, and their keys.

One YAML file per task in ``resources/label_schemas``, or in ``DATASET/label_schemas`` where it
stands over the built-in one. A task without a schema of its own uses the one of task ``*``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from resources import ROOT

ANY_TASK = "*"


class LabelSchemaError(ValueError):
    """A label schema cannot be used; the message is one clear sentence."""


WANTED = {
    "name": "small letters, digits and _, beginning with a letter",
    "key": "one capital letter or digit, as printed on the key, or nothing",
    "task": "'*', or small letters, digits and -, beginning with a letter",
}


class Term(BaseModel):
    """One thing a reviewer can say.

    Attributes
    ----------
    name : str
        Stored in labels; never change it once labels exist.
    title : str
        What the window shows.
    definition : str
        When it begins and when it ends, in words two people read alike; always on the screen.
    key : str
        A letter or digit, as printed on the key; empty when a numbered list is enough.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    key: str = Field(default="", pattern=r"^[A-Z0-9]?$")


class LabelSchema(BaseModel):
    """The words of one task's labels."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["thenar.labels/1"] = Field(alias="schema")
    task: str = Field(pattern=r"^(\*|[a-z][a-z0-9-]*)$")
    version: int = Field(default=1, ge=1)
    phases: tuple[Term, ...] = ()
    events: tuple[Term, ...] = ()
    failure_modes: tuple[Term, ...] = ()
    reject_reasons: tuple[Term, ...] = ()
    instructions: tuple[str, ...] = Field(default=(), max_length=9)

    @model_validator(mode="after")
    def _is_unambiguous(self) -> LabelSchema:
        for group in ("phases", "events", "failure_modes", "reject_reasons"):
            names = [term.name for term in getattr(self, group)]
            if len(set(names)) < len(names):
                at = next(n for n, name in enumerate(names) if name in names[:n])
                raise _fault(f"'{names[at]}' stands in {group} already", group, at, "name")
        for group in ("failure_modes", "reject_reasons"):
            if len(getattr(self, group)) > 9:
                raise _fault("is one more than the digits 1 to 9 can choose", group, 9)
        given: dict[str, str] = {}
        for group in ("phases", "events"):
            for at, term in enumerate(getattr(self, group)):
                if term.key in given:
                    raise _fault(
                        f"'{term.key}' is the key of '{given[term.key]}' already; give one of them "
                        "another letter or digit, or none",
                        group,
                        at,
                        "key",
                    )
                if term.key:
                    given[term.key] = term.name
        return self

    @property
    def fingerprint(self) -> str:
        """First 12 digits of the SHA-256 of the schema's content; stored with every label."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def load_label_schemas(dataset_root: Path | None = None) -> dict[str, LabelSchema]:
    """Label schemas by task, the dataset's own over the built-in ones.

    Raises
    ------
    LabelSchemaError
        When a file is damaged or two files of one folder are for the same task.
    """
    schemas = _load_folder(ROOT / "label_schemas")
    if dataset_root is not None:
        schemas |= _load_folder(dataset_root / "label_schemas")
    return schemas


def schema_for(schemas: dict[str, LabelSchema], task: str) -> LabelSchema:
    """The schema of ``task``, else the one for any task."""
    return schemas.get(task) or schemas[ANY_TASK]


def key_conflicts(schema: LabelSchema, reserved: Iterable[str]) -> list[str]:
    """One sentence per key of ``schema`` that the window needs itself."""
    taken = set(reserved)
    return [
        f"label schema '{schema.task}': key {term.key} of '{term.name}' is a key of the "
        "window; give it another one"
        for term in (*schema.phases, *schema.events)
        if term.key and term.key in taken
    ]


def _load_folder(folder: Path) -> dict[str, LabelSchema]:
    schemas: dict[str, LabelSchema] = {}
    for path in sorted(folder.glob("*.yaml")):
        schema = _load(path)
        if schema.task in schemas:
            raise LabelSchemaError(f"two label schemas in '{folder}' are for task '{schema.task}'")
        schemas[schema.task] = schema
    return schemas


def _load(path: Path) -> LabelSchema:
    try:
        text = path.read_text()
        raw = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise LabelSchemaError(f"label schema '{path}' cannot be read: {error}") from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise LabelSchemaError(
            f"label schema '{path}'{line} is not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(raw, dict):
        raise LabelSchemaError(f"label schema '{path}' is empty or not a mapping")
    try:
        return LabelSchema.model_validate(raw)
    except ValidationError as error:
        raise LabelSchemaError(_sentence(path, text, error.errors()[0])) from None


def _fault(why: str, *at: str | int) -> PydanticCustomError:
    return PydanticCustomError("label_schema", "{why}", {"why": why, "at": at})


def _sentence(path: Path, text: str, error: ErrorDetails) -> str:
    """What is wrong in which line, and what would be right."""
    place = tuple(error.get("ctx", {}).get("at", error["loc"]))
    line = _line(yaml.compose(text, Loader=yaml.SafeLoader), place)
    name = str(place[-1]) if place else ""
    why = {
        "missing": "is missing; write it",
        "extra_forbidden": "is not known here; take it away or correct its name",
        "string_pattern_mismatch": f"is {error['input']!r}, not {WANTED.get(name, 'this form')}",
        "string_type": f"is {error['input']!r}, which is no text; put it into quotes",
        "label_schema": str(error["msg"]),
    }.get(error["type"], f"is {error['input']!r}: {error['msg']}; correct it")
    key = ".".join(str(part) for part in place)
    return f"label schema '{path}', line {line}: key '{key}' {why}"


def _line(node: yaml.Node | None, place: tuple[str | int, ...]) -> int:
    """Line, from 1, of the key or entry at ``place``, or of what it is missing from."""
    if node is None:
        return 1
    line = node.start_mark.line + 1
    for part in place:
        inner: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == part:
                    line, inner = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            inner = node.value[part] if part < len(node.value) else None
            line = inner.start_mark.line + 1 if inner is not None else line
        if inner is None:
            break
        node = inner
    return line
