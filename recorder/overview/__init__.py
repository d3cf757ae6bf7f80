"""What is known of an episode at a glance: lanes, candidates, figures; derived and re-makeable."""
