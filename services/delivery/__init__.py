"""DELIVERY: numbers each insurer's offers into its feed, and hands over, judging again each time."""
