"""The user's keys, pedals and gamepad buttons while they are being changed. Free of widgets.

Every change is checked against the whole table before it is made; a change that would take
something from another action is refused and names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.actions import ACTIONS, ActionId, action, clashes, key_fault, normal_key, resolve_keys
from app.bindings import binding_fault, bound_as_well, resolve_bindings
from app.settings import Settings
from widgets.keymap_editor import KeyRow


class KeyBook:
    """Edits ``settings.keys``, ``settings.bindings`` and ``settings.key_mode``.

    Parameters
    ----------
    settings : Settings
        Changed in place.
    apply : callable
        Puts the changed settings in force; called after every change.
    labels : mapping of str to str, optional
        Keys of phases and events in Review and what they label; they cannot be given away here.
    """

    def __init__(
        self,
        settings: Settings,
        apply: Callable[[], None],
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self._settings, self._apply = settings, apply
        self._labels = dict(labels or {})

    @property
    def mode(self) -> str:
        """``letter`` or ``position``."""
        return self._settings.key_mode

    def set_mode(self, mode: str) -> None:
        """Read keys by ``letter`` or by ``position``."""
        self._settings.key_mode = "position" if mode == "position" else "letter"
        self._apply()

    def rows(self) -> list[KeyRow]:
        """Every action with its key and its pedal or gamepad button."""
        keys = self._keys
        bindings, _ = resolve_bindings(self._settings.bindings)
        return [
            KeyRow(
                name=item.id.value,
                title=item.title,
                place=item.workspace or "Everywhere",
                key=keys[item.id],
                changed=keys[item.id] != item.key,
                control=bindings.get(item.id, ""),
                takes_pedal=item.pedal,
            )
            for item in ACTIONS
        ]

    def set_key(self, name: str, key: str) -> tuple[str, bool]:
        """Give the action ``name`` the key ``key``.

        Returns
        -------
        str
            Why not; empty when it was done.
        bool
            Whether a swap would help.
        """
        chosen, key = ActionId(name), normal_key(key)
        fault = key_fault(chosen, key)
        if fault:
            return f"'{key}' {fault}.", False
        if key in self._labels and action(chosen).workspace in ("", "Review"):
            return (
                f"'{key}' labels '{self._labels[key]}' in Review; the label schema says so.",
                False,
            )
        others = clashes(chosen, key, self._keys)
        if others:
            titles = " and ".join(f"'{action(other).title}'" for other in others)
            verb = "use" if len(others) > 1 else "uses"
            return f"{titles} {verb} '{key}' already.", True
        self._keep({**self._settings.keys, name: key})
        return "", False

    def swap_key(self, name: str, key: str) -> str:
        """Let ``name`` and those who have ``key`` change keys; why not, or empty."""
        chosen, key = ActionId(name), normal_key(key)
        keys = self._keys
        wanted = {**self._settings.keys, name: key}
        for other in clashes(chosen, key, keys):
            wanted[other.value] = keys[chosen]
        _, problems = resolve_keys(wanted)
        if problems:
            return f"They cannot be swapped: {problems[0].split(';')[0]}."
        self._keep(wanted)
        return ""

    def set_control(self, name: str, control: str) -> str:
        """Bind ``control`` to the action ``name``; why not, or empty."""
        fault = binding_fault(name, control)
        if fault:
            return f"'{control}' {fault}."
        held, _ = resolve_bindings(self._settings.bindings)
        others = bound_as_well(ActionId(name), control, held)
        if others:
            return f"'{action(others[0]).title}' uses '{control}' already; remove it there first."
        self._settings.bindings = {**self._settings.bindings, name: control}
        self._apply()
        return ""

    def reset(self, name: str) -> str:
        """Give the action its own key back and no pedal; why not, or empty."""
        rest = {other: key for other, key in self._settings.keys.items() if other != name}
        chosen = ActionId(name)
        others = clashes(chosen, action(chosen).key, self._keys)
        if others:
            return f"'{action(others[0]).title}' uses '{action(chosen).key}' now; reset it first."
        self._settings.bindings = {
            other: control for other, control in self._settings.bindings.items() if other != name
        }
        self._keep(rest)
        return ""

    def reset_all(self) -> None:
        """Default keys everywhere, read by letter, and no pedals."""
        self._settings.bindings = {}
        self._settings.key_mode = "letter"
        self._keep({})

    @property
    def _keys(self) -> dict[ActionId, str]:
        return resolve_keys(self._settings.keys)[0]

    def _keep(self, keys: dict[str, str]) -> None:
        self._settings.keys = {
            name: key
            for name, key in keys.items()
            if name in set(ActionId) and key != action(ActionId(name)).key
        }
        self._apply()
