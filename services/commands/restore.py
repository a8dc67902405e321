"""`claims restore`: a backup into an empty place, brought in line with the journal before anything starts."""

import asyncio
import hashlib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.commands.backup import (
    AT_ONCE,
    DATABASES,
    OWNER,
    SECRETS,
    WRAPPED,
    copied,
    hashes,
    open_journal,
    open_keys,
)
from services.commands.options import Failed, data_option, database_option, journal_option, kafka_option, keys_option
from services.commands.restoring import marked
from services.commands.run import address, databases
from services.commands.up import locked
from services.recovery.lost import Gap, log_from
from services.recovery.manifest import KEYS, NAME, BadManifest, Manifest, compare, read
from services.sandbox.setup import FILE_NAME

if TYPE_CHECKING:
    from adapters.stores.archive import Archive
    from adapters.stores.database import Store
    from adapters.stores.journal import Journal
    from adapters.streams.kafka import Broker
    from adapters.vault.keys import Keys
    from services.recovery.worker import Recovered, Recovery


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_option
@kafka_option
@database_option
@keys_option
@journal_option
def restore(
    folder: Path,
    data: Path,
    kafka: str | None,
    database: str | None,
    keys: str | None,
    journal: str | None,
) -> None:
    """Put the backup in DIR (of the store, or of the keys) into an empty place, with nothing running.

    The journal is applied before anything can start: no number of a feed is used again, what was erased, withdrawn or
    suspended since stays so. Are keys and store both lost, restore the keys first. Killed anywhere, run it again. With Kafka
    name the brokers too: what the log still holds of the time since comes in once more.

    \b
    Examples:
      claims restore /elsewhere/keys/2026-11-21
      claims restore /backups/store/2026-11-21
    """
    places = [one for one in (kafka, database, keys) if one]
    if len(places) not in (0, 3):
        raise Failed("The distributed form needs --kafka, --database and --keys; the embedded form none of them.")
    manifest, mark = _checked(folder, database)
    with locked(data), databases():
        try:
            if manifest.holds == KEYS:
                told = _keys(folder, manifest, mark, data, places, journal)
            else:
                told = _store(folder, manifest, mark, data, places, journal)
        except Gap as error:
            raise Failed(f"The journal does not reach back to this backup ({error}). Name the right one.") from None
    for line in told:
        click.echo(line)


def _checked(folder: Path, database: str | None) -> tuple[Manifest, str]:
    """The manifest, once every file is as it says; and what tells this backup from another."""
    from adapters.stores.copying import is_known

    try:
        text = (folder / NAME).read_text()
        manifest = read(text)
        compare(manifest, hashes(folder))
    except FileNotFoundError:
        raise Failed(f"{folder} is no whole backup: it has no {NAME}, which is written last.") from None
    except BadManifest as error:
        raise Failed(str(error)) from None
    if manifest.revision and not is_known(manifest.revision):
        raise Failed(f"A newer version made this backup (tables {manifest.revision}). Restore it with that version.")
    if manifest.database and (manifest.database == "postgresql") != bool(database):
        raise Failed(
            f"This backup is of a store in {manifest.database}: name its places so (--kafka, --database, --keys)."
        )
    return manifest, hashlib.sha256(text.encode()).hexdigest()


def _keys(folder: Path, manifest: Manifest, mark: str, data: Path, places: list[str], journal: str | None) -> list[str]:
    from adapters.vault.key_file import KeyFile

    with closing(open_journal(data, places[2] if places else None, journal)) as words:
        _refuse_older(words, manifest)
    if has_store := _has_store(data, places):
        _refuse_others(folder, data, places)
        _refuse_running(places)
    with marked(data, mark, empty=not (data / "keys" / SECRETS[0]).exists()):
        (data / "keys").mkdir(exist_ok=True, mode=0o700)
        for name in SECRETS:
            copied(folder / name, data / "keys" / name)
        if (folder / FILE_NAME).exists() and not (data / FILE_NAME).exists():
            copied(folder / FILE_NAME, data / FILE_NAME)
        with (
            closing(open_keys(data, places[2] if places else None)) as keys,
            closing(open_journal(data, places[2] if places else None, journal)) as words,
            closing(KeyFile(_scratch(folder / WRAPPED, data))) as copy,
        ):
            names = copy.names("")
            for start in range(0, len(names), AT_ONCE):
                keys.wrapped.add(copy.find(names[start : start + AT_ONCE]))
            if not has_store:
                _forget(data, keys, words)
                told = [f"{len(names)} keys restored. There is no store yet: restore it next."]
            else:
                told = [f"{len(names)} keys restored.", *_aligned(data, places, keys, words, None)]
        _remove_scratch(data)
    return told


def _refuse_older(journal: "Journal", manifest: Manifest) -> None:
    if journal.position() < manifest.journal:
        raise Failed(
            f"The journal holds {journal.position()} entries, the backup knows of {manifest.journal}: it is another one, or"
            " is lost. Without it numbers would be given twice, and what was erased would return. Bring it back first."
        )


def _refuse_others(folder: Path, data: Path, places: list[str]) -> None:
    """Failed unless these keys open something of the store that stands, where it keeps anything."""
    from adapters.stores.archive import Archive
    from adapters.vault.blobs import Blobs
    from adapters.vault.key_file import KeyFile
    from adapters.vault.keys import Keys
    from services.recovery.worker import opens

    (data / "keys").mkdir(exist_ok=True, mode=0o700)
    keys = Keys(folder, KeyFile(_scratch(folder / WRAPPED, data)))
    with closing(keys), closing(_opened(data, places)) as store, store.read() as tx:
        found = opens(tx, Archive(keys, Blobs(data / "blobs")), keys)
    _remove_scratch(data)
    if not found:
        raise Failed(
            "These keys open nothing of the store that stands here: they are another one's. Nothing is changed."
        )


def _refuse_running(places: list[str]) -> None:
    """Failed unless the brokers have the topics, and nobody reads them."""
    if not places:
        return
    from adapters.streams.kafka import NoTopics
    from adapters.streams.kafka_rewind import StillRuns, check
    from services.recovery.worker import STEPS

    try:
        asyncio.run(check(address(places[0]), STEPS))
    except NoTopics as error:
        raise Failed(f"The brokers have no topic {error}. Run `claims topics apply` first.") from None
    except StillRuns as error:
        raise Failed(f"The service {error} still runs. End all services, then run this again.") from None


def _opened(data: Path, places: list[str]) -> "Store":
    from adapters.stores.database import Database
    from adapters.stores.postgres import PostgresDatabase

    return PostgresDatabase(places[1]) if places else Database(data / DATABASES["sqlite"])


def _scratch(wrapped: Path, data: Path) -> Path:
    """A copy to read from: opening a file of keys writes beside it, and a backup is left as it is."""
    _remove_scratch(data)
    copied(wrapped, data / "keys" / WRAPPED)
    return data / "keys" / WRAPPED


def _remove_scratch(data: Path) -> None:
    for path in (data / "keys").glob(WRAPPED + "*"):
        path.unlink()


def _forget(data: Path, keys: "Keys", journal: "Journal") -> None:
    from adapters.stores.archive import Archive
    from adapters.vault.blobs import Blobs
    from services.embedded import utc_now
    from services.recovery.worker import Recovery

    Recovery(keys, Archive(keys, Blobs(data / "blobs")), journal, utc_now()).forget()


def _has_store(data: Path, places: list[str]) -> bool:
    from adapters.stores.copying import holds_records

    return holds_records(places[1]) if places else (data / DATABASES["sqlite"]).exists()


def _store(
    folder: Path, manifest: Manifest, mark: str, data: Path, places: list[str], journal: str | None
) -> list[str]:
    from adapters.stores.copying import NoTool, durable, load

    if not (data / "keys" / SECRETS[0]).exists():
        raise Failed(f"There are no keys in {data}/keys. Restore them first.")
    own = places[2] if places else None
    with closing(open_keys(data, own)) as keys, closing(open_journal(data, own, journal)) as words:
        if keys.lookup(OWNER) != manifest.keys:
            raise Failed("The keys here are not those of this backup. Restore the right ones first.")
        _refuse_older(words, manifest)
        _refuse_running(places)
        blobs = data / "blobs"
        own_blobs = not places and blobs.exists() and any(blobs.iterdir())
        with marked(data, mark, empty=not _has_store(data, places) and not own_blobs):
            if places:
                try:
                    if not _has_store(
                        data, places
                    ):  # an earlier try may have come so far: it loads whole or not at all
                        load(places[1], folder / DATABASES["postgresql"])
                except NoTool as error:
                    raise Failed(str(error)) from None
            else:
                for path in data.glob(DATABASES["sqlite"] + "*"):
                    path.unlink()
                copied(folder / DATABASES["sqlite"], data / DATABASES["sqlite"])
            blobs.mkdir(exist_ok=True, mode=0o700)
            with durable(blobs):
                for path in (folder / "blobs").iterdir():
                    copied(path, blobs / path.name)
            return [f"The store of {manifest.made} is restored.", *_aligned(data, places, keys, words, manifest)]


def _aligned(data: Path, places: list[str], keys: "Keys", journal: "Journal", manifest: Manifest | None) -> list[str]:
    """Brings store, keys and journal in line; what came of it, in sentences."""
    from adapters.stores.archive import Archive
    from adapters.vault.blobs import Blobs
    from services.embedded import utc_now
    from services.recovery.worker import Recovery

    archive, now = Archive(keys, Blobs(data / "blobs")), utc_now()
    recovery = Recovery(keys, archive, journal, now)
    with closing(_opened(data, places)) as store:
        if not places:
            return _told(store.commit(recovery.run))
        made = datetime.fromisoformat(manifest.made) if manifest else None
        return asyncio.run(_with_log(address(places[0]), store, keys, archive, recovery, made, now))


async def _with_log(
    broker: "Broker",
    store: "Store",
    keys: "Keys",
    archive: "Archive",
    recovery: "Recovery",
    made: datetime | None,
    now: datetime,
) -> list[str]:
    """As the embedded form, and what the log holds comes in once more. `made`: when the store was backed up; None: it stood
    all the time, and its steps go on where they are."""
    from adapters.stores import outbox, watching
    from adapters.streams.kafka import Sealer
    from adapters.streams.kafka_rewind import Rewind, StillRuns
    from services.pipeline import VALIDATION
    from services.recovery.app import enter
    from services.recovery.worker import DECIDES, STEPS

    with store.read() as tx:
        waiting, newest = watching.oldest_waiting(tx), watching.newest(tx)
    since = log_from(made or now, waiting, newest)
    rewind = Rewind(broker, Sealer(keys, broker), since)
    arrived: set[str] = set()

    def arrive(messages) -> None:  # type: ignore[no-untyped-def]
        arrived.update(store.commit(lambda tx: enter(tx, archive, messages)))

    await rewind.received(arrive)
    recovered = await asyncio.to_thread(store.commit, lambda tx: recovery.run(tx, arrived, since))
    try:
        # Where the store stood only validation reads again: its answer may have been under a key that is gone.
        await rewind.set(STEPS if made else [one for one in STEPS if one[0] == VALIDATION.name])
    except StillRuns as error:
        raise Failed(f"The service {error} still runs. End all services, then run this again.") from None
    with store.read() as tx:
        unread = [row for name, topics in DECIDES for row in outbox.unread(tx, name, topics)]
    await rewind.publish(unread, now)
    lines = [f"The log brings {len(arrived)} records received since about {since:%Y-%m-%d %H:%M} UTC."]
    if rewind.unread:
        lines.append(
            f"{rewind.unread} messages of the log cannot be read: their keys are gone, or we did not write them."
        )
    return [*lines, *_told(recovered)]


def _told(recovered: "Recovered") -> list[str]:
    lines = [f"Erased again: {len(recovered.erased)}. Withdrawn again: {len(recovered.withdrawn)}. Refused again: "
             f"{len(recovered.refused)}. Participants as they stood last: {len(recovered.participants)}."]  # fmt: skip
    lines += [f"{insurer}: {count} numbers are taken back." for insurer, count in sorted(recovered.numbers.items())]
    if recovered.lost:
        lines.append(f"{len(recovered.lost)} records must be sent again; `claims reconcile` names them.")
    return lines
