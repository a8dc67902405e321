"""Python's collector of cycles in processes that validate."""

import gc

THRESHOLD = 200_000  # objects; a document of 5,000 entries has some 500,000


def settle() -> None:
    """Lets the collector look only now and then. Documents are trees, without cycles: to walk all of them after every
    700 new objects makes reading 5,000 entries half as long again, and the time more than linear (`bench.validator`).
    """
    gc.freeze()
    gc.set_threshold(THRESHOLD)
