"""Documents that name iClaim somewhere: a type of which no entry names a profile of it is held to iClaim's all the same.

So no hospital escapes what iClaim requires by leaving out meta.profile. (What names a profile, the engine has checked.)
"""

from adapters.fhir.iclaim_profiles import ABSENT, HELD
from adapters.fhir.run import Run
from services.validation.reading import Reading

_NEVER_ABSENT = ("Patient", "Encounter")  # of the others a document may have none


def check(reading: Reading) -> None:
    """The types that iClaim has required elements of."""
    if not reading.iclaim:
        return
    document, faults = reading.document, reading.faults
    faults.take(ABSENT[kind] for kind in _NEVER_ABSENT if not document.typed(kind))
    unnamed = [kind for kind in HELD if not any(entry.of_iclaim for entry in document.typed(kind))]
    if not unnamed:
        return
    run = Run(document.bundle)
    run.enter(document.bundle)
    for kind in unnamed:
        for entry in document.typed(kind):
            outer = run.enter(entry.resource)
            faults.take(HELD[kind](entry.resource, run.judge) or (), entry.place)
            run.leave(outer)
