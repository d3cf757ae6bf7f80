"""Models that the user installs and licenses: found by manifest, checked by hash, run apart."""
