"""VALIDATION: one record in, every problem and the view of it out. Runs in worker processes."""
