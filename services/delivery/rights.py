"""Who may read its own topic on the brokers, and where their right differs from that; to which key theirs is sealed. Pure.

`reading`: of whom the brokers were told, whether they let it read; empty where nothing asks who reads (the embedded form, brokers
without an authorizer).
"""

from collections.abc import Iterable, Mapping

from schemas.records import Participant, Reads, Role, Status


def may_read(participant: Participant) -> bool:
    """Its own topic, with its own credentials."""
    return participant.status == Status.ADMITTED and Role.INSURER in participant.roles


def sealing_key(insurer: Participant) -> dict[str, str] | None:
    """The key that values for this insurer are sealed to now; None: nothing may be published."""
    keys = (one for one in insurer.keys if one.get("use") != "sig")
    return next(keys, None) if may_read(insurer) else None


def still_reads(participant: Participant, reading: Mapping[str, Reads]) -> bool:
    """Whether the brokers let it read, or perhaps do, though it may not."""
    return reading.get(participant.code, Reads.NO) != Reads.NO and not may_read(participant)


def owed(insurers: Iterable[Participant], reading: Mapping[str, Reads]) -> list[Participant]:
    """Those whose right is not known to be as they stand."""
    pairs = [(one, Reads.YES if may_read(one) else Reads.NO) for one in insurers]
    return [one for one, right in pairs if reading and reading.get(one.code, Reads.NO) != right]
