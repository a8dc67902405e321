"""Problems of filing records."""

from schemas.problems import Entry

ENTRIES: tuple[Entry, ...] = ()
