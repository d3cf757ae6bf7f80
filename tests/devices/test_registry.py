"""The table of device kinds."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from devices import registry
from devices.camera import Camera
from devices.hand_driver import DeviceError
from devices.registry import KINDS, device_class, device_kinds


@pytest.mark.parametrize(
    ("family", "kind"), [(family, kind) for family, kinds in KINDS.items() for kind in kinds]
)
def test_every_kind_of_the_table_can_be_imported(family, kind):
    assert isinstance(device_class(family, kind), type)


@pytest.mark.parametrize("family", ["camera", "touch"])
def test_cameras_and_fingertips_keep_the_camera_contract(family):
    assert all(issubclass(device_class(family, kind), Camera) for kind in KINDS[family])


def test_an_unknown_kind_is_answered_with_the_known_ones():
    with pytest.raises(DeviceError, match="camera driver 'webcam' is unknown.*sim_camera, video"):
        device_class("camera", "webcam")


def test_a_third_party_joins_through_an_entry_point(monkeypatch):
    point = EntryPoint("camera.other", "collections:OrderedDict", "thenar.devices")
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([point]))
    assert "other" in device_kinds("camera")
    assert "other" not in device_kinds("hand")
    assert device_class("camera", "other").__name__ == "OrderedDict"


def test_a_driver_that_cannot_be_imported_is_named(monkeypatch):
    monkeypatch.setitem(KINDS["camera"], "broken", "devices.no_such_module:Thing")
    with pytest.raises(DeviceError, match="camera driver 'broken' cannot be loaded"):
        device_class("camera", "broken")
