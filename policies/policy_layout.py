"""What the numbers of a policy mean: names, order and units of what it sees and what it plans.

Two layouts that are equal go together; ``differences`` says in sentences why others do not. Made
from the rig (``layout_of``), so a running hand and a recorded one are compared by the same rule.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from devices.rig import Rig
from devices.stream import StreamSpec
from policies.policy_config import CameraChoice, ConfigError, PolicyConfig

TRUTH_SUFFIX = "_without_operator"
AUTOMATIC_SIZE = (96, 96)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraLayout(_Part):
    """One image stream.

    Attributes
    ----------
    stream : str
    recorded_size, size, crop : tuple of (int, int)
        Width and height as the device gives them, as they are made, and as the network sees them.
    """

    stream: str
    recorded_size: tuple[int, int]
    size: tuple[int, int]
    crop: tuple[int, int]


class PolicyLayout(_Part):
    """Names, order and units.

    Attributes
    ----------
    rig : str
        Name of the rig.
    hands : mapping
        Side to hand model, in the order joints are put side by side.
    joint_names, joint_units : tuple of str
        Of all hands; units are ``rad`` or ``m``.
    pads : tuple of str
        ``right_thumb``, ...; normal forces are in this order, N.
    taxels_per_pad : int
        0 where the policy sees no taxels; three axes each, N.
    velocity, state, force : bool
        Whether these are seen.
    action : str
        ``measured`` or ``sent``.
    forces_in_action : bool
    cameras, visuotactile : tuple of CameraLayout
    rate_hz, observation_steps, chunk, executed : int
    """

    rig: str
    hands: dict[str, str]
    joint_names: tuple[str, ...] = Field(min_length=1, max_length=256)
    joint_units: tuple[str, ...]
    pads: tuple[str, ...] = Field(max_length=32)
    taxels_per_pad: int = Field(ge=0, le=4096)
    state: bool
    velocity: bool
    force: bool
    action: str
    forces_in_action: bool
    cameras: tuple[CameraLayout, ...] = Field(max_length=8)
    visuotactile: tuple[CameraLayout, ...] = Field(max_length=10)
    rate_hz: int
    observation_steps: int
    chunk: int
    executed: int

    @property
    def joints(self) -> int:
        """Number of joints of all hands."""
        return len(self.joint_names)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Entries of the state vector; empty where the policy does not see it."""
        names = self.joint_names if self.state else ()
        return names + tuple(f"{name}_velocity" for name in self.joint_names if self.velocity)

    @property
    def state_units(self) -> tuple[str, ...]:
        """Unit of each entry of the state vector."""
        units = self.joint_units if self.state else ()
        return units + tuple(f"{unit}/s" for unit in self.joint_units if self.velocity)

    @property
    def action_names(self) -> tuple[str, ...]:
        """Entries of an action: joints, then one normal force per pad."""
        forces = tuple(f"{pad}_normal_force" for pad in self.pads)
        return self.joint_names + (forces if self.forces_in_action else ())

    @property
    def action_units(self) -> tuple[str, ...]:
        """Unit of each entry of an action."""
        return self.joint_units + (("N",) * len(self.pads) if self.forces_in_action else ())

    @property
    def pictures(self) -> tuple[CameraLayout, ...]:
        """Cameras, then gel images."""
        return self.cameras + self.visuotactile

    @property
    def sees_touch(self) -> bool:
        """Whether taxels, forces or gel images are seen."""
        return bool(self.taxels_per_pad or self.force or self.visuotactile)


def layout_of(rig: Rig, config: PolicyConfig) -> PolicyLayout:
    """Return what a policy of ``config`` means on ``rig``.

    Raises
    ------
    ConfigError
        The rig has not what the configuration asks for.
    """
    specs = {spec.name: spec for spec in rig.streams()}
    taxels = {hand.side: specs.get(f"{hand.side}/taxels") for hand in rig.hands}
    forces = {hand.side: specs.get(f"{hand.side}/fingertip_force") for hand in rig.hands}
    felt = [side for side, spec in forces.items() if spec is not None]
    has_forces = bool(felt)
    has_taxels = has_forces and all(taxels[side] is not None for side in felt)
    use_taxels = config.taxels if config.taxels is not None else has_taxels
    use_force = config.force if config.force is not None else has_forces and not has_taxels
    for wanted, there, what in (
        (use_taxels, has_taxels, "taxels"),
        (use_force, has_forces, "forces per pad"),
        (config.forces_in_action, has_forces, "forces per pad, so forces_in_action cannot be on"),
    ):
        if wanted and not there:
            raise ConfigError(f"rig '{rig.name}' has no {what}; choose another rig or go without")
    counts = {spec.shape[1] for spec in taxels.values() if spec is not None}
    if use_taxels and len(counts) > 1:
        raise ConfigError(f"rig '{rig.name}': hands with {sorted(counts)} taxels per pad; one only")
    return PolicyLayout(
        rig=rig.name,
        hands={hand.side: hand.model for hand in rig.hands},
        joint_names=tuple(name for hand in rig.hands for name in hand.spec.names),
        joint_units=tuple(unit for hand in rig.hands for unit in hand.spec.units),
        pads=tuple(
            f"{side}_{finger}"
            for side, spec in forces.items()
            if spec is not None
            for finger in spec.labels
        ),
        taxels_per_pad=counts.pop() if use_taxels else 0,
        state=config.state,
        velocity=config.velocity,
        force=use_force,
        action=config.action,
        forces_in_action=config.forces_in_action,
        cameras=_cameras(rig, specs, config.cameras, "image", config),
        visuotactile=_cameras(rig, specs, config.visuotactile, "visuotactile", config),
        rate_hz=config.rate_hz,
        observation_steps=config.observation_steps,
        chunk=config.chunk,
        executed=config.executed,
    )


def _cameras(
    rig: Rig,
    specs: dict[str, StreamSpec],
    wanted: tuple[CameraChoice, ...] | None,
    kind: str,
    config: PolicyConfig,
) -> tuple[CameraLayout, ...]:
    there = {
        name: spec
        for name, spec in specs.items()
        if spec.kind == kind and spec.shape[2:] == (3,) and not name.endswith(TRUTH_SUFFIX)
    }
    if wanted is None:
        wanted = tuple(CameraChoice(stream=name, size=AUTOMATIC_SIZE) for name in there)
    found = []
    for choice in wanted:
        if choice.stream not in there:
            raise ConfigError(
                f"rig '{rig.name}' has no {kind} stream '{choice.stream}'; it has "
                f"{', '.join(there) or 'none'}"
            )
        height, width = there[choice.stream].shape[:2]
        crop = tuple(2 * round(side * config.crop / 2) for side in choice.size)
        found.append(
            CameraLayout(
                stream=choice.stream,
                recorded_size=(width, height),
                size=choice.size,
                crop=(min(crop[0], choice.size[0]), min(crop[1], choice.size[1])),
            )
        )
    return tuple(found)


def resolved(config: PolicyConfig, layout: PolicyLayout) -> PolicyConfig:
    """Return ``config`` with everything automatic written out."""
    source = {choice.stream: choice.source for choice in config.cameras or ()}
    return config.model_copy(
        update={
            "cameras": tuple(
                CameraChoice(
                    stream=one.stream, size=one.size, source=source.get(one.stream, "recorded")
                )
                for one in layout.cameras
            ),
            "visuotactile": tuple(
                CameraChoice(stream=one.stream, size=one.size) for one in layout.visuotactile
            ),
            "taxels": layout.taxels_per_pad > 0,
            "force": layout.force,
            "sampler_steps": config.run_steps,
        }
    )


def differences(trained: PolicyLayout, connected: PolicyLayout) -> list[str]:
    """Say why a policy of ``trained`` must not move a hand of ``connected``; empty when it may.

    Names, order and units of joints and pads, taxels, cameras and their recorded sizes count; the
    name of the rig alone does not.
    """
    said: list[str] = []
    mine, theirs = trained.model_dump(mode="json"), connected.model_dump(mode="json")
    for name, what in (
        ("hands", "hands"),
        ("joint_names", "joints"),
        ("joint_units", "units of joints"),
        ("pads", "pads"),
    ):
        if mine[name] != theirs[name]:
            said.append(
                f"{what}: it was trained with {_different(mine[name], theirs[name])}; use the hand "
                "it was trained on, or train on this one"
            )
    if trained.taxels_per_pad != connected.taxels_per_pad:
        said.append(
            f"taxels per pad: trained with {trained.taxels_per_pad}, connected are "
            f"{connected.taxels_per_pad}"
        )
    there = {one.stream: one for one in connected.pictures}
    for one in trained.pictures:
        if one.stream not in there:
            said.append(f"camera '{one.stream}' is missing; connect it or train without it")
        elif one.recorded_size != there[one.stream].recorded_size:
            said.append(
                f"camera '{one.stream}': trained at {_size(one.recorded_size)}, connected at "
                f"{_size(there[one.stream].recorded_size)}"
            )
    return said


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _different(mine: Any, theirs: Any) -> str:
    if isinstance(mine, dict):
        return f"{json.dumps(mine)}, connected is {json.dumps(theirs)}"
    if sorted(mine) == sorted(theirs):
        at = next(n for n, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1])
        return f"'{mine[at]}' at place {at}, where '{theirs[at]}' is connected (another order)"
    only = [name for name in mine if name not in theirs] or [n for n in theirs if n not in mine]
    return (
        f"{len(mine)} of them, connected are {len(theirs)} ('{(only or ['?'])[0]}' is on one side)"
    )
