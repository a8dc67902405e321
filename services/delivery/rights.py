"""Who may read its own topic on the brokers, and where their right differs from that. Pure.

`reading`: code → whether the brokers let it read, as far as they were told of anybody; empty where nothing asks who reads (the
embedded form, brokers without an authorizer).
"""

from collections.abc import Iterable, Mapping

from schemas.records import Participant, Role, Status


def may_read(participant: Participant) -> bool:
    """Its own topic, with its own credentials."""
    return participant.status == Status.ADMITTED and Role.INSURER in participant.roles


def still_reads(participant: Participant, reading: Mapping[str, bool]) -> bool:
    """Whether the brokers let it read though it may not."""
    return reading.get(participant.code, False) and not may_read(participant)


def owed(insurers: Iterable[Participant], reading: Mapping[str, bool]) -> list[Participant]:
    """Those to whom the brokers owe a right, or the end of one."""
    return [one for one in insurers if reading and reading.get(one.code, False) != may_read(one)]
