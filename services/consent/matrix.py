"""The dated matrix data set × purpose × role of the subject, as data: what an authorisation may cover at all.

A class that no line allows for the authorisation's purpose and its subject's role on the day of the judgement is not
released, even if the person wrote it down: consent does not widen a purpose (Personal Data Protection Act, I0050021,
art. 5 and 20: no further than the purpose requires).
"""

from dataclasses import dataclass

from schemas.evidence import Cover, DataClass, SubjectRole

MEDICAL = (
    DataClass.CERTIFICATE,
    DataClass.RECEIPT,
    DataClass.LABORATORY,
    DataClass.OPERATION,
    DataClass.IMAGING,
    DataClass.MEDICAL_RECORD,
)
_HURT = (
    SubjectRole.INJURED,
    SubjectRole.DRIVER,
    SubjectRole.PASSENGER,
    SubjectRole.INSURED,
    SubjectRole.DECEASED,
)
_ANYONE = tuple(SubjectRole)


@dataclass(frozen=True)
class Line:
    """Allowed from `since` (included) until `until` (excluded; None = still)."""

    classes: tuple[DataClass, ...]
    purpose: Cover
    roles: tuple[SubjectRole, ...]
    since: str
    until: str | None = None


MATRIX = (
    Line(MEDICAL, Cover.LIFE_HEALTH, (SubjectRole.INSURED, SubjectRole.INJURED, SubjectRole.DECEASED), "2021-05-03"),
    Line(MEDICAL, Cover.MOTOR_COMPULSORY, _HURT, "2018-01-01"),
    Line(MEDICAL, Cover.MOTOR_THIRD_PARTY, _HURT, "2018-01-01"),
    # Own damage is about the vehicle: no medical paper serves it.
    *(
        Line((DataClass.POLICE, DataClass.IDENTITY, DataClass.REPAIR, DataClass.CLAIM), cover, _ANYONE, "2018-01-01")
        for cover in (Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY, Cover.MOTOR_OWN_DAMAGE)
    ),
    Line((DataClass.POLICE, DataClass.IDENTITY), Cover.LIFE_HEALTH, _ANYONE, "2021-05-03"),
)


def allowed(purpose: Cover, role: SubjectRole, day: str) -> frozenset[DataClass]:
    """The classes that this purpose may have of a person in this role on a day (YYYY-MM-DD)."""
    return frozenset(
        one
        for line in MATRIX
        if line.purpose == purpose and role in line.roles and line.since <= day and (not line.until or day < line.until)
        for one in line.classes
    )
