"""A database that speaks TLS and asks for a password: what is right is used, what is wrong is told in a sentence."""

import os
import shutil
from pathlib import Path

import psycopg

from adapters.stores.postgres import PostgresDatabase
from adapters.streams.kafka import Broker
from adapters.streams.kafka_topics import Topics
from adapters.vault.key_database import KeyDatabase
from tests.command import claims
from tests.servers.authority import certify
from tests.servers.postgres import postgres


def test_who_vouches_and_the_password_are_asked_for(kafka_address: str, tmp_path: Path) -> None:
    right, other = certify(tmp_path / "right"), certify(tmp_path / "other")
    Topics(Broker(kafka_address)).apply((), ())
    with postgres() as server:
        store, keys = server.empty(), server.empty()
        with psycopg.connect(store, autocommit=True) as connection:
            folder = Path(connection.execute("SHOW data_directory").fetchone()[0])
            shutil.copy(right / "own.pem", folder / "own.pem")
            (folder / "own.pem").chmod(0o600)
            if os.getuid() == 0:
                shutil.chown(folder / "own.pem", "postgres", "postgres")
            (folder / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
            for change in (
                "ALTER ROLE claims PASSWORD 'right'",
                "ALTER SYSTEM SET ssl_cert_file = 'own.pem'",
                "ALTER SYSTEM SET ssl_key_file = 'own.pem'",
                "ALTER SYSTEM SET ssl = on",
                "SELECT pg_reload_conf()",
            ):
                connection.execute(change)

        def url(database: str, authority: Path = right, password: str = "right") -> str:
            place = database.replace("claims@", f"claims:{password}@")
            return f"{place}?sslmode=verify-full&sslrootcert={authority / 'ca.pem'}"

        PostgresDatabase(url(store)).close()
        KeyDatabase(url(keys)).close()
        wrong = {
            "certificate verify failed": url(store, authority=other),
            "password authentication failed": url(store, password="guess"),
            "no encryption": url(store).partition("?")[0] + "?sslmode=disable",
        }
        for told, address in wrong.items():
            words = ["hub", "--sandbox", "--kafka", kafka_address, "--database", address, "--keys", url(keys)]
            done = claims("run", *words, "--data", tmp_path / "data")
            said = done.stdout + done.stderr
            assert done.returncode == 1 and told in said, said
            assert "guess" not in said and "our failure" not in said
