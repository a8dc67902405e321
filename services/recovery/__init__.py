"""Backups, and the store put back to one without giving back what was taken away since."""
