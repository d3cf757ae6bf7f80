"""Drivers for real hardware; none of them knows the simulators."""
