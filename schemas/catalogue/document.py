"""Problems of document records."""

from schemas.problems import Entry

ENTRIES: tuple[Entry, ...] = ()
