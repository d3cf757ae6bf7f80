"""Datasets in the formats that training code reads."""
