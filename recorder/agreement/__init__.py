"""How far reviewers agree: coefficients with intervals, and what cannot be said."""
