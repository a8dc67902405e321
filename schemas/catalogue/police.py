"""Problems of police records."""

from schemas.problems import Entry

ENTRIES: tuple[Entry, ...] = ()
