"""Where the operator is: drawn and carried on, found by itself, or brought along."""
