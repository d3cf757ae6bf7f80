"""The task list: what the operator is asked to do, in the words a policy is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.rig import Rig
from devices.task_scene import Group, TaskScene, with_task
from resources import ROOT


class TaskError(ValueError):
    """A task file cannot be used; the message is one clear sentence."""


class Task(BaseModel):
    """One task of the list.

    Attributes
    ----------
    name : str
        Identifier stored in episodes.
    title : str
        What the task list shows.
    instruction : str
        Language instruction stored in episodes; empty for free play.
    hint : str
        Advice to the operator.
    order : int
        Place in the list; equal orders are sorted by name.
    picture : str
        Picture of the task, relative to the documentation; may be empty.
    demonstrator : str
        Scripted demonstrator of the task (``policies.demonstrators``); empty when there is none.
    scene : TaskScene, optional
        Objects, reset distribution and success test of a simulated task; without it nothing but a
        person can say whether the task was done.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["thenar.task/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=1)
    instruction: str = ""
    hint: str = ""
    order: int = 0
    picture: str = ""
    demonstrator: str = ""
    scene: TaskScene | None = None

    @property
    def group(self) -> Group:
        """``force-gated``, ``plain``, ``occluded``, or ``free`` when nothing is judged."""
        return "free" if self.scene is None else self.scene.group

    def rig(self, rig: Rig) -> Rig:
        """``rig`` with the task's objects on its table.

        Unchanged when nothing is to be simulated: a task without a scene, a rig without a world.
        """
        return rig if self.scene is None or rig.world is None else with_task(rig, self.scene)


def find_task(name: str, folder: Path | None = None) -> Task:
    """The task called ``name``; raises ``TaskError`` naming those there are."""
    tasks = {task.name: task for task in load_tasks(folder)}
    if name not in tasks:
        raise TaskError(f"task '{name}' is unknown; known tasks: {', '.join(tasks)}")
    return tasks[name]


def simulated_tasks(folder: Path | None = None) -> tuple[Task, ...]:
    """Tasks whose outcome the simulated world judges, in list order."""
    return tuple(task for task in load_tasks(folder) if task.scene is not None)


def load_tasks(folder: Path | None = None) -> tuple[Task, ...]:
    """Load every task file of ``folder`` (default ``resources/tasks``), in list order.

    Raises
    ------
    TaskError
        When a file is damaged or two files give the same name.
    """
    by_name: dict[str, tuple[Task, Path]] = {}
    for path in sorted((folder or ROOT / "tasks").glob("*.yaml")):
        task = _load(path)
        if task.name in by_name:
            raise TaskError(
                f"task files '{by_name[task.name][1]}' and '{path}' both have the name "
                f"'{task.name}'; rename one"
            )
        by_name[task.name] = (task, path)
    return tuple(sorted((task for task, _ in by_name.values()), key=lambda t: (t.order, t.name)))


def _load(path: Path) -> Task:
    try:
        raw = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise TaskError(
            f"task file '{path}'{line} is not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(raw, dict):
        raise TaskError(f"task file '{path}' is empty or not a mapping; give it name and title")
    try:
        return Task.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise TaskError(f"task file '{path}': key '{key}': {first['msg']}") from None
