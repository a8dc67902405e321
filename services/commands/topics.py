"""`claims topics plan|apply|check`: makes the brokers hold the topic table, shows before what that would change, and reads what
insurers find on theirs."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

import click

from services.commands.options import REFUSED, Failed, database_option, kafka_option
from services.commands.run import address, databases

if TYPE_CHECKING:
    from adapters.streams.kafka import Broker
    from adapters.streams.kafka_topics import Change, Topics

UNREACHABLE = "The brokers cannot be reached, or refuse us. Check the address, the user and its password."


@click.group()
def topics() -> None:
    """Compare the brokers' topics with the topic table, and bring them in line.

    With --database each insurer has a topic of its own, which an admitted one may read with its own credentials where the
    brokers ask who reads. Where they do not, it is said: whoever reaches them reads all topics.

    \b
    Examples:
      claims topics plan --kafka 127.0.0.1:9092
      claims topics apply --kafka 127.0.0.1:9092 --database postgresql://claims@127.0.0.1/claims
    """


@topics.command()
@kafka_option
@database_option
def plan(kafka: str | None, database: str | None) -> None:
    """Show what differs; change nothing."""
    _bring(kafka, database, do=False)


@topics.command()
@kafka_option
@database_option
def apply(kafka: str | None, database: str | None) -> None:
    """Create, widen and set what differs; show what only a person can decide. Doing it again changes nothing."""
    _bring(kafka, database, do=True)


@topics.command()
@kafka_option
@database_option
def check(kafka: str | None, database: str | None) -> None:
    """Read each insurer's topic from its beginning, and tell which numbers its reader would miss.

    Beside `claims reconcile`, which asks the store alone. It reads every byte that the brokers keep for insurers. Exit status 1
    when a number is missing.
    """
    if not kafka or not database:
        raise Failed(
            "Name the brokers with --kafka or CLAIMS_KAFKA, and the database with --database or CLAIMS_DATABASE."
        )
    from services.delivery.topic import Held, faults, repeated

    before, found, after = _read(address(kafka), database)
    missing = False
    for insurer, last in before.items():
        held = Held(*found.get(insurer, ([], True)))
        for fault in faults(held, last, after[insurer]):
            missing = True
            click.echo(f"{insurer}: {fault}")
        again = repeated(held)
        click.echo(f"{insurer}: {len(held.numbers)} records" + (f", {again} come again" if again else ""))
    if missing:
        raise click.exceptions.Exit(REFUSED)


def _read(
    broker: "Broker", database: str
) -> "tuple[dict[str, int], dict[str, tuple[list[int | None], bool]], dict[str, int]]":
    """Up to where each feed is published by the store, the numbers on the topics, and the first once more."""
    from aiokafka.errors import KafkaError

    from adapters.stores import feeds
    from adapters.stores.postgres import PostgresDatabase
    from adapters.streams.kafka_feeds import numbers_on

    with databases(), contextlib.closing(PostgresDatabase(database)) as store:
        with store.read() as tx:
            before = feeds.all_published(tx)
        try:
            found = asyncio.run(numbers_on(broker, sorted(before)))
        except KafkaError as error:
            raise Failed(f"{UNREACHABLE} ({type(error).__name__})") from None
        with store.read() as tx:
            return before, found, feeds.all_published(tx)


def _bring(kafka: str | None, database: str | None, *, do: bool) -> None:
    if not kafka:
        raise Failed("Name the brokers with --kafka or CLAIMS_KAFKA.")
    broker = address(kafka)
    from confluent_kafka import KafkaException

    from adapters.streams import kafka_topics

    try:
        own = kafka_topics.Topics(broker)
        changes = _of_insurers(database, own, do) if database else own.apply((), ()) if do else own.plan((), ())
        lying_open = own.open_to_everybody()
    except KafkaException as error:
        raise Failed(f"{UNREACHABLE} ({error.args[0].name()})") from None
    for change in changes:
        click.echo(f"{change.topic}: {change.what}")
    for sentence in lying_open:
        click.echo(sentence)
    if not changes and not lying_open:
        click.echo("Nothing differs.")
    if any(change.does is None for change in changes):
        raise Failed("Some of it only a person can decide; see above.")


def _of_insurers(database: str, topics: "Topics", do: bool) -> "list[Change]":
    from adapters.stores import participants
    from adapters.stores.postgres import PostgresDatabase
    from services.delivery.publisher import bring_rights
    from services.delivery.rights import may_read

    with databases(), contextlib.closing(PostgresDatabase(database)) as store:
        if do:
            return bring_rights(store, topics)[1]
        with store.read() as tx:
            found = participants.insurers(tx)
    return topics.plan([one.code for one in found], [one.code for one in found if may_read(one)])
