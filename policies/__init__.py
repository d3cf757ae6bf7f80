"""Whatever decides an action: teleoperation, replay, scripted demonstrators."""
