"""The contract of the keys, in a file and in a database: made once, found by all, gone for all."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from sqlalchemy import create_engine, text

from adapters.stores.postgres import PostgresDatabase
from adapters.vault.key_database import BesideData, KeyDatabase
from adapters.vault.key_file import KeyFile
from adapters.vault.keys import Keys
from adapters.vault.sealing import CannotOpen, open_sealed, seal
from tests.servers.places import InPostgres, Place
from tests.servers.postgres import Server


def test_a_key_is_made_once_and_stays(place: Place) -> None:
    keys = place.keys()
    made = keys.make(["a", "b", "a"])
    assert made.keys() == {"a", "b"} and len(set(made.values())) == 2
    assert keys.make(["b", "c"])["b"] == made["b"] == keys.one("b")
    keys.close()
    keys = place.keys()
    assert keys.get(["a", "b", "d"]) == made
    assert keys.get([]) == {} == keys.make([])
    keys.close()


def test_a_destroyed_key_opens_nothing_and_another_comes_in_its_place(place: Place) -> None:
    keys = place.keys()
    sealed = seal(keys.make(["a"])["a"], b"value", "here")
    keys.make(["b"])
    keys.destroy(["a", "never made"])
    keys.destroy(["a"])
    keys.destroy([])
    assert keys.get(["a", "b"]).keys() == {"b"}
    with pytest.raises(CannotOpen):
        keys.one("a")
    with pytest.raises(CannotOpen):
        open_sealed(keys.make(["a"])["a"], sealed, "here")
    keys.close()


def test_the_catalogue_holds_no_sample_of_wrapped_keys(server: Server) -> None:
    """Neither a removal nor VACUUM FULL would touch it. A table of an older version has one, until it is opened."""
    url = server.empty()
    sampled = text("SELECT attname FROM pg_stats WHERE tablename = 'keys' ORDER BY attname")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def analysed() -> list[str]:
            connection.execute(text("ANALYZE keys"))
            return list(connection.execute(sampled).scalars())

        connection.execute(text('CREATE TABLE keys (name text COLLATE "C" PRIMARY KEY, wrapped bytea NOT NULL)'))
        connection.execute(text("INSERT INTO keys SELECT n, md5(n::text)::bytea FROM generate_series(1, 300) AS n"))
        assert analysed() == ["name", "wrapped"]
        KeyDatabase(url).close()
        assert list(connection.execute(sampled).scalars()) == ["name"] == analysed()
        connection.execute(text("DROP TABLE keys"))
        keys = KeyDatabase(url)
        keys.add({str(number): bytes([number]) * 40 for number in range(200)})
        assert analysed() == ["name"]
        keys.close()
    engine.dispose()


def test_names_are_listed_by_their_beginning(place: Place) -> None:
    keys = place.keys()
    keys.make(["offer:1", "offer:2", "offers", "record:1", "offer:甲"])
    assert sorted(keys.names("offer:")) == ["offer:1", "offer:2", "offer:甲"]
    assert len(keys.names("")) == 5
    keys.close()


def test_threads_that_make_the_same_key_at_once_get_the_same_one(place: Place) -> None:
    keys = place.keys()
    for number in range(20):
        names = [f"{number}-{n}" for n in range(10)]
        with ThreadPoolExecutor(4) as pool:
            orders = [names, names[::-1], names, names[::-1]]
            made = [one.result(60) for one in [pool.submit(keys.make, order) for order in orders]]
        assert all(one == made[0] for one in made)
    keys.close()


@pytest.fixture
def shared(server: Server, tmp_path: Path) -> InPostgres:
    """Several processes share them."""
    return InPostgres(tmp_path, "", server.empty())


def test_processes_that_start_at_once_have_the_same_secrets(shared: InPostgres) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = [one.result(60) for one in [pool.submit(shared.keys) for _ in range(4)]]
    assert len({keys.lookup("value") for keys in opened}) == 1
    key = opened[0].make(["a"])
    assert all(keys.get(["a"]) == key for keys in opened)
    assert {path.suffix for path in (shared.folder / "keys").iterdir()} == {".key"}, "nothing is left half made"
    for keys in opened:
        keys.close()


def test_what_one_process_destroys_no_other_opens_from_then_on(shared: InPostgres) -> None:
    one, other = shared.keys(), shared.keys()
    key = one.make(["a"])
    assert other.get(["a"]) == key, "and it has been unwrapped there"
    one.destroy(["a"])
    assert other.get(["a"]) == {}
    again = other.make(["a"])
    assert one.get(["a"]) == again != key
    one.close()
    other.close()


def test_the_database_holds_no_key_that_opens_without_the_folder(shared: InPostgres) -> None:
    keys = shared.keys()
    key = keys.make(["a"])["a"]
    keys.close()
    engine = create_engine(shared.wrapped.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        ((name, wrapped),) = connection.execute(text("SELECT name, wrapped FROM keys")).all()
    engine.dispose()
    assert name == "a" and key not in bytes(wrapped)
    with pytest.raises(InvalidUnwrap):
        aes_key_unwrap(bytes(32), bytes(wrapped))
    master = (shared.folder / "keys" / "master.key").read_bytes()
    assert aes_key_unwrap(master, bytes(wrapped)) == key


def test_keys_are_not_kept_beside_the_data(server: Server) -> None:
    url = server.fresh()
    PostgresDatabase(url).close()
    with pytest.raises(BesideData):
        KeyDatabase(url)


def test_space_of_destroyed_keys_is_given_back_soon(server: Server) -> None:
    """The table asks for a vacuum at every removal, however many keys it holds."""
    url = server.empty()
    KeyDatabase(url).close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        options = connection.execute(text("SELECT reloptions FROM pg_class WHERE relname = 'keys'")).scalar()
    engine.dispose()
    assert sorted(options) == ["autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=0"]


def test_a_removal_that_ended_in_its_middle_leaves_no_image(tmp_path: Path) -> None:
    """Deleted, and killed before the write-ahead log was cut: who opens the file next cuts it."""
    keys = Keys(tmp_path / "keys")
    keys.make(["a", "b"])
    wrapped = keys.wrapped
    assert isinstance(wrapped, KeyFile)
    image = wrapped.find(["a"])["a"]
    wrapped._database.execute("DELETE FROM keys WHERE name = 'a'")
    left = Path(shutil.copytree(tmp_path / "keys", tmp_path / "left"))
    assert any(image in path.read_bytes() for path in left.iterdir()), "the test can tell"
    again = Keys(left)
    assert again.names("") == ["b"]
    assert not any(image in path.read_bytes() for path in left.iterdir())
    again.close()
    keys.close()
