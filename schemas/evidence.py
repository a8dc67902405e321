"""What validation reads out of a record: the parsed view that later steps decide on.

A view holds personal data, so it travels and rests sealed only. Every text that is compared across senders is already
normalised here (NFKC, upper case identifiers, plates without separators, Gregorian dates).
"""

from enum import StrEnum

from pydantic import Field

from schemas.integrity import Origin
from schemas.shape import Shape


class DataClass(StrEnum):
    """The classes a paper's contents fall in; consent is given by class."""

    CERTIFICATE = "certificate"  # 診斷證明書
    RECEIPT = "receipt"  # 醫療費用收據
    LABORATORY = "laboratory"
    OPERATION = "operation"
    IMAGING = "imaging"
    MEDICAL_RECORD = "medical-record"
    POLICE = "police"
    APPLICATION = "application"
    IDENTITY = "identity"
    REPAIR = "repair"  # estimates, invoices, photographs of damage
    CLAIM = "claim"  # what is handed in for a claim alone: account, licence, civil status, wages, settlement, decisions


class Cover(StrEnum):
    """Line of business and cover under which an insurer is party; also the purpose of an authorisation."""

    MOTOR_COMPULSORY = "motor-compulsory"
    MOTOR_THIRD_PARTY = "motor-third-party"
    MOTOR_OWN_DAMAGE = "motor-own-damage"
    LIFE_HEALTH = "life-health"


class SubjectRole(StrEnum):
    """What the person an authorisation is about is to the loss."""

    INJURED = "injured"
    DRIVER = "driver"
    PASSENGER = "passenger"
    OWNER = "owner"
    INSURED = "insured"
    DECEASED = "deceased"


class LegalBasis(StrEnum):
    """Personal Data Protection Act (I0050021): art. 6 I ⑥ written consent; art. 20 I ⑥ consent; heir of the deceased; by an
    agent under a mandate (Civil Code B0000001 art. 103, 167)."""

    WRITTEN_CONSENT = "written-consent"
    REPRESENTATIVE_CONSENT = "representative-consent"
    HEIR_CONSENT = "heir-consent"
    AGENT_CONSENT = "agent-consent"


class Act(StrEnum):
    """What an agent may do for his principal; `scope` of a mandate."""

    APPLICATION = "application"  # file applications
    AUTHORISATION = "authorisation"  # authorise the handing over of papers about the principal
    DISPUTE = "dispute"  # dispute what was found of the fault


class Uses(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"


class Standing(StrEnum):
    """Of a document: `Composition.status`. Of JSON: `current` unless `status` says entered-in-error."""

    PRELIMINARY = "preliminary"
    CURRENT = "current"  # final
    AMENDED = "amended"
    WITHDRAWN = "entered-in-error"


class NumberType(StrEnum):
    CERTIFICATE = "certificate"
    RECEIPT = "receipt"
    DOCUMENT = "document"  # Bundle.identifier; the hospital's case number
    ENCOUNTER = "encounter"
    POLICE_CASE = "police-case"
    CLAIM = "claim"  # an insurer's claim number
    CASE = "case"  # our case number


class Number(Shape):
    """A number somebody issued. `issuer` scopes it (institution code, police unit, company number)."""

    type: NumberType
    value: str
    issuer: str = ""


class Loss(Shape):
    """The loss a filing names (contract, "Loss"). Dates are YYYY-MM-DD in Asia/Taipei."""

    kind: str  # motor | medical | case
    date: str | None = None
    plate: str | None = None
    hospital: str | None = None
    document: str | None = None
    case: str | None = None


class VehicleStanding(StrEnum):
    """How a motor vehicle stood on the day of its accident, by the police record's own word (G0390060 art. 40 I, II)."""

    REGISTER = "register"  # it has none: the policy register is asked
    UNTRACEABLE = "untraceable"
    UNCONSENTED = "unconsented"
    CONSENT_DISPUTED = "consent-disputed"
    EXEMPT = "exempt"


class Party(Shape):
    """One party of an accident, as far as the record tells. `vehicle`: of a motor vehicle that the Act is about."""

    person: str | None = None
    plate: str | None = None
    kind: str = ""  # as coded or labelled: car, motorcycle, pedestrian …
    injured: bool | None = None
    vehicle: VehicleStanding | None = None


class Accident(Shape):
    """`date` YYYY-MM-DD and `time` HH:MM in Asia/Taipei; coordinates WGS84 degrees; `roads` normalised road tokens."""

    date: str
    time: str | None = None
    place: str = ""
    roads: tuple[str, ...] = ()
    longitude: float | None = None
    latitude: float | None = None
    parties: tuple[Party, ...] = ()
    severity: str = ""  # A1 … A4
    deaths: int | None = None
    injuries: int | None = None


class Service(Shape):
    """A hospital's service: institution code, first and last day. `accident_date` from Claim.accident.

    `injury` is True when a diagnosis is an injury (ICD-10 S, T, V-Y; ICD-9 800-999, E), False when all are illness,
    None when no diagnosis is coded. `injuries`: the categories of the coded injuries (ICD-10 S82, ICD-9 823), sorted.
    """

    hospital: str
    start: str
    end: str
    injury: bool | None = None
    injuries: tuple[str, ...] = ()
    accident_date: str | None = None


class NamedInsurer(Shape):
    insurer: str
    cover: Cover


class Grant(Shape):
    """An authorisation's content. `start`/`end` are dates, both included; `end` None means no end."""

    grantor: str
    grantor_role: str  # self | representative | heir | agent
    subject: str
    subject_role: SubjectRole
    recipients: tuple[str, ...]
    purpose: Cover
    classes: tuple[DataClass, ...]
    start: str
    end: str | None
    uses: Uses
    basis: LegalBasis


class AssessmentWord(StrEnum):
    """What an assessment says of a party; a closed list (車輛行車事故鑑定及覆議作業辦法 K0040045 art. 8 II)."""

    CAUSE = "肇事原因"
    NO_FACTOR = "無肇事因素"
    EQUAL = "同為肇事原因"
    MAIN = "肇事主因"
    SECONDARY = "肇事次因"


class PartyVerdict(Shape):
    """The assessment's word on one party, known by its order in the police record, its plate or its person."""

    word: AssessmentWord
    order: int | None = None
    plate: str | None = None
    person: str | None = None


class Upload(Shape):
    """The file of an upload. `signature`: the issuer's detached JWS over the SHA-256's 64 hexadecimal digits."""

    sha256: str
    origin: Origin
    signature: str | None = None


class Acting(Shape):
    """Someone does an act for another, by a mandate or not at all. `day`: of receipt (YYYY-MM-DD, Asia/Taipei)."""

    agent: str
    principal: str
    day: str
    act: Act


class Evidence(Shape):
    """One record's view.

    `identity` is unique within (sender, kind); `version` sorts as text within an identity. `content` is the canonical
    text of the fields that make two records of one sender the same thing; `parts` those of things inside that another
    sender may also hand over (certificate, receipt, accident, application). Neither is stored: both become keyed hashes.
    """

    paper: str  # the `kind` an insurer sees: document, accident, application, or an upload's own kind
    identity: str
    version: str
    standing: Standing = Standing.CURRENT
    issued: str  # RFC 3339 UTC: when the evidence was made; folds run in (issued, id) order
    issuer: str = ""
    persons: tuple[str, ...] = ()
    classes: tuple[DataClass, ...] = ()
    plates: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    loss: Loss | None = None
    accident: Accident | None = None
    service: Service | None = None
    insurers: tuple[NamedInsurer, ...] = ()
    applicant: str | None = None
    grant: Grant | None = None
    upload: Upload | None = None
    verdict: tuple[PartyVerdict, ...] = ()  # of an assessment
    published: tuple[str, ...] = ()  # SHA-256 of papers that the sender says it issued
    acting: Acting | None = None
    open_data: bool = False  # no plate and no person: opens no case
    content: str = ""
    parts: tuple[str, ...] = ()
    facts: dict[str, str | int | float | bool | list[str]] = Field(default_factory=dict)  # minimum view for offers


class Review(Shape):
    decision: str  # approve | refuse
    reason: str = ""


class Withdrawal(Shape):
    reason: str = ""


class Judgement(Shape):
    """An operator's word on one or two records."""

    identity: str
    version: str
    judgement: str  # same | not-same | erase
    records: tuple[str, ...]
    reason: str
    withdrawn: bool = False


class Mandate(Shape):
    """The principal lets the agent act. `start`/`end` are dates, both included; `end` None means until withdrawn."""

    identity: str
    version: str
    withdrawn: bool = False
    principal: str
    agent: str
    scope: tuple[Act, ...]
    start: str
    end: str | None


class ParticipantChange(Shape):
    name: str
    roles: tuple[str, ...]
    status: str
    keys: tuple[dict[str, str], ...] = ()
    endpoints: tuple[str, ...] = ()


Content = Evidence | Review | Withdrawal | Judgement | Mandate | ParticipantChange
