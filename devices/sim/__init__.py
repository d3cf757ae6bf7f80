"""Simulated devices: physics world, touch, cameras, exoskeleton."""
