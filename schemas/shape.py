"""The base of everything that travels: frozen, closed, strict."""

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A value. Unknown fields are refused, so that a typo is an error and not a silent loss."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, ser_json_bytes="base64", val_json_bytes="base64"
    )
