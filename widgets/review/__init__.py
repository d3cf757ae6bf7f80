"""What a reviewer says: label panel, statistics, agreement, adjudication."""
