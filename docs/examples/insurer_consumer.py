"""Reads an insurer's own topic: prints each offer as a JSON line, once, in order of its number.

INSURER_PASSWORD=… python insurer_consumer.py 82916473 broker-1:9093,broker-2:9093 --key private.jwk >> offers.jsonl
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from joserfc import jwe
from joserfc.jwk import KeySet

jwe.JWERegistry.max_ciphertext_length = 48 << 20  # the topic's max.message.bytes; joserfc itself takes 64 kB


async def read(words: argparse.Namespace) -> None:
    keys = KeySet.import_key_set({"keys": [json.loads(Path(name).read_text()) for name in words.key]})
    place, last, offset = Path(words.place), 0, 0
    if place.exists() and not words.replay:
        last, offset = map(int, place.read_text().split())
    consumer = AIOKafkaConsumer(
        bootstrap_servers=words.brokers,
        security_protocol=words.protocol,
        ssl_context=ssl.create_default_context() if words.protocol == "SASL_SSL" else None,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=f"insurer-{words.insurer}",
        sasl_plain_password=os.environ["INSURER_PASSWORD"],
        auto_offset_reset="earliest",  # where the offset is older than what the topic keeps
    )
    topic = TopicPartition(f"offers.{words.insurer}", 0)
    consumer.assign([topic])  # no group: the file remembers
    async with consumer:
        consumer.seek(topic, offset)
        async for record in consumer:
            event = {name[3:]: value.decode() for name, value in record.headers if name.startswith("ce_")}
            event["offernumber"] = number = int(event["offernumber"])
            if number <= last:
                continue  # a number may come again, and then says nothing new
            if number > last + 1:
                print(f"Pull {last + 1} to {number - 1}: no longer on the topic.", file=sys.stderr, flush=True)
            plain = jwe.decrypt_compact(record.value, keys, algorithms=["ECDH-ES+A256KW", "A256GCM"]).plaintext
            print(json.dumps({**event, "data": json.loads(plain)}, ensure_ascii=False), flush=True)
            last, new = number, place.with_suffix(".new")
            new.write_text(f"{number} {record.offset + 1}")
            new.replace(place)  # killed before this line, it prints the number again


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("insurer"), parser.add_argument("brokers")
    parser.add_argument("--key", action="append", required=True, help="private JWK; again for each older one")
    parser.add_argument("--place", default="offers.place", help="remembers the last number")
    parser.add_argument("--replay", action="store_true", help="from the first that the topic has")
    parser.add_argument("--protocol", default="SASL_SSL", choices=["SASL_SSL", "SASL_PLAINTEXT"])
    asyncio.run(read(parser.parse_args()))
