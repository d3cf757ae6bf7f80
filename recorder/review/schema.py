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

from resources import ROOT

ANY_TASK = "*"


class LabelSchemaError(ValueError):
    """A label schema cannot be used; the message is one clear sentence."""


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
                raise ValueError(f"{group} name the same thing twice: {', '.join(sorted(names))}")
        for group in ("failure_modes", "reject_reasons"):
            if len(getattr(self, group)) > 9:
                raise ValueError(f"{group} has more than 9 entries; the digits 1 to 9 choose")
        keys = [term.key for term in (*self.phases, *self.events) if term.key]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"key {doubled[0]} is given to two phases or events")
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
        raw = yaml.safe_load(path.read_text())
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
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise LabelSchemaError(f"label schema '{path}': key '{key}': {first['msg']}") from None
