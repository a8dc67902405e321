"""The address of brokers, and what it becomes for their clients."""

import pytest

from adapters.streams.kafka import BadAddress, Broker


def test_a_plain_address() -> None:
    broker = Broker("one:9092,two:9092")
    assert broker.client() == {
        "bootstrap_servers": "one:9092,two:9092",
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": None,
        "sasl_plain_password": None,
    }


def test_an_address_with_user_and_password() -> None:
    client = Broker("sasl_ssl://hub:p%40ss%3Aword@one:9092,two:9092").client()
    assert client["bootstrap_servers"] == "one:9092,two:9092"
    assert (client["security_protocol"], client["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (client["sasl_plain_username"], client["sasl_plain_password"]) == ("hub", "p@ss:word")
    assert client["ssl_context"] is not None


@pytest.mark.parametrize("address", ["", "sasl_ssl://one:9092", "ssl://hub:word@one:9092", "http://one:9092", "ssl://"])
def test_an_address_that_says_too_little_or_too_much_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        Broker(address)
