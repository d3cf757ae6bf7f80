"""All episodes of a dataset: rows, filters, statistics, what to look at first."""
