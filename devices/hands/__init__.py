"""Hand models: kinematics, limits, pads and their composition from primitive shapes."""
