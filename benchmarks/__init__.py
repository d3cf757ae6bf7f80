"""One module per published figure: ``thenar bench NAME --json`` runs ``benchmarks.NAME``."""
