"""The library on the screen: table, filters, triage queue."""
