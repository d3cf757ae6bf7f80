"""Emulators that speak the bytes of real devices."""
