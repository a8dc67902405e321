"""The problem catalogue, by family. One tuple a module, so that rule, text and test travel together."""

from schemas.catalogue import document, filing, general, police

ENTRIES = (*general.ENTRIES, *document.ENTRIES, *police.ENTRIES, *filing.ENTRIES)
