"""Networks and samplers of policies; the only place beside ``policies.training`` with torch."""
