"""Invented subjects whose every value is known again wherever it lies: in a file of any of our stores, or inside a seal.

A canary is an identifier, a name, a plate or a word of free text; all of a kind begin alike, so that a search is quick.
"""

import base64
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select

from adapters.stores.archive import BLOB_KEY, INLINE_BYTES, RECORD_KEY
from adapters.stores.tables import bodies, log, offers, outbox
from adapters.streams.log import STREAM_KEY
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.packing import unpack
from adapters.vault.sealing import NONCE_BYTES
from schemas.json import load
from schemas.records import Kind
from services.delivery.worker import offer_key
from services.intake.book import Submission
from services.sandbox.filings import pdf
from services.sandbox.persons import checked
from tests.integration.bodies import CLAIMLINK, EXAMPLE, HOSPITAL, POLICE, dump
from tests.simulation.world import ROLE_OF

COUNT = 200
MARKERS = ("X29876", "龘龖", "CNR-7", "CNR7", "canary-")
INFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")  # how a deflated stream begins (RFC 1950, 1952)
INFLATED_BYTES = 1 << 16  # looked at of each


@dataclass(frozen=True)
class Subject:
    number: int

    @property
    def identifier(self) -> str:
        return checked(f"X29876{self.number:03d}")

    @property
    def name(self) -> str:
        return "龘龖" + chr(0x4E00 + self.number)

    @property
    def plate(self) -> str:
        return f"CNR-7{self.number:03d}"

    @property
    def word(self) -> str:
        return "canary-" + hashlib.sha256(str(self.number).encode()).hexdigest()[:16]

    @property
    def canaries(self) -> tuple[str, ...]:
        return (self.identifier, self.name, self.plate, self.plate.replace("-", ""), self.word)

    @property
    def person(self) -> dict[str, str]:
        return {"identifier": self.identifier, "name": self.name}


def subjects(count: int = COUNT) -> list[Subject]:
    return [Subject(number) for number in range(count)]


def records_of(one: Subject) -> list[Submission]:
    """What is handed over about a subject: a document, an accident, an application, an upload, and what is refused."""
    match one.number % 5:
        case 0:
            return [_document(one), _authorisation(one)]
        case 1:
            return [_accident(one)]
        case 2:
            return [_application(one)]
        case 3:
            return [_upload(one, large=one.number % 50 == 3)]
    return [_refused(one) if one.number % 2 else _accident(one, **{one.name: one.word, "occurredAt": one.word})]


def review(authorisation: str, one: Subject) -> Submission:
    path = f"/authorisations/{authorisation}/review"
    return _json(Kind.REVIEW, "operator-1", path, {"decision": "approve", "reason": one.word}, authorisation)


def erasure(record: str) -> Submission:
    word = {"id": f"erase-{record}", "version": 1, "judgement": "erase", "records": [record], "reason": "依當事人請求"}
    return _json(Kind.JUDGEMENT, "operator-1", "/judgements", word)


def _document(one: Subject) -> Submission:
    text = EXAMPLE.read_text().replace("BDDBE0001101", f"T{one.number:08d}").replace("N298338217", one.identifier)
    text = text.replace("童若毓", one.name).replace("宜休養兩週", f"宜休養兩週 {one.plate} {one.word}")
    return _submission(Kind.DOCUMENT, HOSPITAL, "/fhir/Bundle", text.encode(), "application/fhir+json")


def _refused(one: Subject) -> Submission:
    """A document that says what it may not, in names as well as in values."""
    value = json.loads(_document(one).body)
    value["entry"][1]["resource"] |= {one.word: one.name, "birthDate": one.word, "gender": one.name}
    return _submission(Kind.DOCUMENT, HOSPITAL, "/fhir/Bundle", dump(value), "application/fhir+json")


def _authorisation(one: Subject) -> Submission:
    """Of the document, as the example is of the example."""
    value = json.loads(EXAMPLE.with_name("authorisation.json").read_bytes()) | {"id": f"auth-{one.number}"}
    value |= {"subject": one.person, "grantor": {**one.person, "role": "self"}}
    value["evidence"] = {"kind": "signed-form", "reference": one.word}
    return _json(Kind.AUTHORISATION, CLAIMLINK, "/authorisations", value)


def _accident(one: Subject, **changes: Any) -> Submission:
    value = _example("accident") | {"id": f"acc-{one.number}", "caseNumber": f"A{one.number:09d}"}
    value["place"] = {"text": f"雲澤市中央區{one.word}路"}
    value["parties"] = [value["parties"][0] | {"plate": one.plate, "person": one.person}]
    return _json(Kind.ACCIDENT, POLICE, "/police/accidents", value | changes)


def _application(one: Subject) -> Submission:
    value = _example("application") | {"id": f"app-{one.number}", "applicant": one.person, "description": one.word}
    value |= {"loss": {"kind": "motor", "date": "2025-09-03", "plate": one.plate}, "injured": [one.person]}
    value |= {"vehicles": [{"plate": one.plate, "driver": one.person}], "policeCaseNumber": f"A{one.number:09d}"}
    del value["place"], value["occurredAt"]  # else all of them would be of one case
    return _json(Kind.APPLICATION, CLAIMLINK, "/claimlink/applications", value)


def _upload(one: Subject, *, large: bool) -> Submission:
    told = _example("paper") | {"id": f"paper-{one.number}", "persons": [one.identifier]}
    told |= {"numbers": {"certificate": one.word}, "loss": {"kind": "motor", "date": "2025-09-03", "plate": one.plate}}
    file = pdf(f"{one.word} {one.identifier}" + "." * (INLINE_BYTES if large else 0))
    metadata = json.dumps(told, ensure_ascii=False)
    digest = hashlib.sha256(hashlib.sha256(metadata.encode()).digest() + hashlib.sha256(file).digest()).hexdigest()
    return _submission(Kind.PAPER, CLAIMLINK, "/papers", file, "application/pdf", metadata=metadata, digest=digest)


def _example(name: str) -> dict[str, Any]:
    return dict(load(name)["examples"][0])  # type: ignore[index]


def _json(kind: Kind, sender: str, path: str, value: object, target: str | None = None) -> Submission:
    return _submission(kind, sender, path, dump(value), "application/json", target=target)


def _submission(
    kind: Kind, sender: str, path: str, body: bytes, media_type: str, *, digest: str | None = None, **more: Any
) -> Submission:
    sha256 = hashlib.sha256(body).hexdigest()
    return Submission(
        kind, sender, ROLE_OF[sender], "POST", path, media_type, body, sha256, digest or sha256, len(body), **more
    )


# In clear


@cache
def _forms() -> tuple[tuple[bytes, frozenset[bytes]], ...]:
    """How a marker is written, with the canaries that begin so, written alike: plain, UTF-16, escaped, as base64 at each of
    the places that a byte may have in it."""
    found = []
    for marker in MARKERS:
        whole = [canary for one in subjects() for canary in one.canaries if canary.startswith(marker)]
        for write in (str.encode, _little, _big, _escaped, *(_Base64(shift) for shift in range(3))):
            found.append((write(marker), frozenset(write(canary) for canary in whole)))
    return tuple(found)


def _little(text: str) -> bytes:
    return text.encode("utf-16-le")


def _big(text: str) -> bytes:
    return text.encode("utf-16-be")


def _escaped(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()


@dataclass(frozen=True)
class _Base64:
    shift: int

    def __call__(self, text: str) -> bytes:
        raw = text.encode()
        told = base64.b64encode(bytes(self.shift) + raw)
        end = (self.shift + len(raw)) * 8 // 6  # further digits hold bits of what follows
        return told[-(-self.shift * 8 // 6) : end]


def in_clear(data: bytes) -> set[bytes]:
    """Every canary that stands in these bytes, also where they hold a deflated stream."""
    found = _plain(data)
    for begin in INFLATED.finditer(data):
        try:
            inside = zlib.decompressobj(47).decompress(
                data[begin.start() : begin.start() + INFLATED_BYTES], INFLATED_BYTES
            )
        except zlib.error:
            continue
        found |= _plain(inside)
    return found


def _plain(data: bytes) -> set[bytes]:
    found = set()
    for marker, whole in _forms():
        place = data.find(marker)
        while place >= 0:
            found |= {one for one in whole if data.startswith(one, place)}
            place = data.find(marker, place + 1)
    return found


def searched(folders: Iterable[Path]) -> tuple[dict[str, set[bytes]], int]:
    """The files that hold a canary in clear, each with what it holds; and how many bytes were looked at."""
    found, size = {}, 0
    for path in (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()):
        for part in _written(path):
            size += len(part)
            if told := in_clear(part):
                found.setdefault(path.name, set()).update(told)
    return found, size


def _written(path: Path) -> Iterator[bytes]:
    """The parts of a file that were written; a broker's indexes are mostly holes."""
    with path.open("rb") as file:
        end, place = os.fstat(file.fileno()).st_size, 0
        while place < end:
            try:
                begin = os.lseek(file.fileno(), place, os.SEEK_DATA)
            except OSError:  # nothing but a hole to the end
                return
            place = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            yield os.pread(file.fileno(), place - begin, begin)


# Under seal


@dataclass(frozen=True)
class Sealed:
    """A value as it rests somewhere: `at` names that, `place` is sealed with it, `key` opened it when it was found."""

    at: str
    place: str
    value: bytes
    key: str


def in_store(tx: Connection, blobs: Blobs) -> list[Sealed]:
    """Everything under seal that database and folder hold."""
    found = []
    for row in tx.execute(select(bodies)):
        parts = {"body": row.body, "metadata": row.metadata, "view": row.view}
        found += [
            Sealed("bodies", f"{name}|{row.record}", value, RECORD_KEY + row.record)
            for name, value in parts.items()
            if value
        ]
        if row.blob:
            found += _frames(blobs.folder / row.blob)
    for row in tx.execute(select(offers).where(offers.c.content.is_not(None))):
        name = offer_key(row.insurer, row.number)
        found.append(Sealed("offers", name, row.content, name))
    for table in (log, outbox):
        rows = tx.execute(select(table).where(table.c.value != b""))
        found += [Sealed(table.name, f"{row.topic}|{row.event}", row.value, STREAM_KEY + row.day) for row in rows]
    return found


def _frames(path: Path) -> Iterator[Sealed]:
    data, frames = path.read_bytes(), []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        frames.append(data[4:end])
        data = data[end:]
    for number, frame in enumerate(frames):
        yield Sealed("blobs", f"{path.name}|{number}|{int(number == len(frames) - 1)}", frame, BLOB_KEY + path.name)


def live(keys: Keys, folder: Path) -> dict[str, bytes]:
    """Every key of the interchange that opens anything: all that are not destroyed, and those that rest in files."""
    found = keys.get(keys.names(""))
    return found | {name: (folder / f"{name}.key").read_bytes() for name in ("master", "lookup", "signing")}


def opened(values: Sequence[Sealed], keys: Mapping[str, bytes]) -> dict[Sealed, bytes]:
    """Those that any of these keys opens, with what is inside: each is tried at each, its own first."""
    ciphers = {name: AESGCM(key) for name, key in keys.items()}
    found = {}
    for one in values:
        own = [ciphers[one.key]] if one.key in ciphers else []
        nonce, sealed, place = one.value[:NONCE_BYTES], one.value[NONCE_BYTES:], one.place.encode()
        for cipher in (*own, *ciphers.values()):
            try:
                found[one] = cipher.decrypt(nonce, sealed, place)
            except InvalidTag:
                continue
            break
    return found


def told(inside: Mapping[Sealed, bytes]) -> dict[Sealed, set[int]]:
    """The subjects that each of these opened values speaks of; without those that speak of none."""
    return {one: who for one, value in inside.items() if (who := _subjects(_unpacked(one, value)))}


def _unpacked(one: Sealed, value: bytes) -> bytes:
    match one.at:
        case "bodies" if one.place.startswith("body|"):
            return unpack(value)
        case "log" | "outbox":
            end = 4 + int.from_bytes(value[:4], "big")
            return value[:end] + (unpack(value[end:]) if value[end:] else b"")
    return value


def _subjects(value: bytes) -> set[int]:
    if not any(marker.encode() in value for marker in MARKERS):
        return set()
    return {number for canary, number in _numbers().items() if canary in value}


@cache
def _numbers() -> dict[bytes, int]:
    return {canary.encode(): one.number for one in subjects() for canary in one.canaries}
