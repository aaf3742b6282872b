"""Settings of the decoder service: flags, then environment variables NARROWCAST_..., then these."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from narrowcast_decoder.store.retention import Limits
from narrowcast_models.precision import Precision
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.logs import LogFormat

ENVIRONMENT_PREFIX = "NARROWCAST_"

MIN_AGE_S = 300.0
"""Shortest time that series may be kept: a publisher may be silent for a minute."""

_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_COUNTS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]?)")


def _seconds(value: object) -> object:
    """`12h` or `30d` in seconds."""
    return _quantity(value, _AGES, "a time is written like 30d, 12h or 90m")


def _number(value: object) -> object:
    """`500k` or `20G` as a number; k, M, G and T are powers of 1000."""
    number = _quantity(value, _COUNTS, "a number is written like 500k, 20M or 10G")
    return round(number) if isinstance(number, float) else number


def _quantity(value: object, units: Mapping[str, int], how: str) -> object:
    if not isinstance(value, str):
        return value
    match = _QUANTITY.fullmatch(value.strip())
    if match is None or match["unit"] not in units:
        raise ValueError(how)
    return float(match["number"]) * units[match["unit"]]


Age = Annotated[float, BeforeValidator(_seconds), Field(ge=MIN_AGE_S)]
Count = Annotated[int, BeforeValidator(_number), Field(ge=1)]


class DecoderSettings(BaseSettings):
    """What `narrowcast serve` may be told."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    store: Path = Field(Path("narrowcast.sqlite"), description="File that keeps the series.")
    model: str = Field("oa", description="Shipped model, or a .safetensors file.")
    threads: int = Field(1, ge=1, le=64, description="Threads of the network.")
    precision: Precision = Field(
        Precision.AUTO, description="What the network is multiplied in; bfloat16 where it is quick."
    )
    device: str = Field("auto", description="What the network runs on; a GPU if there is one.")
    log_format: LogFormat = Field(LogFormat.TEXT, description="How a record is written.")
    max_age: Age | None = Field(None, description="How long series are kept, in s.")
    max_samples: Count | None = Field(None, description="Samples that are kept in all.")
    max_bytes: Count | None = Field(None, description="Bytes that the series may fill.")

    @property
    def limits(self) -> Limits:
        """What is kept at most."""
        return Limits(self.max_age, self.max_samples, self.max_bytes)


def read_settings(**flags: Any) -> DecoderSettings:  # noqa: ANN401 - checked by pydantic
    """Settings with the flags that were given (not None). Raises SettingsError naming the wrong."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return DecoderSettings(**given)
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        raise SettingsError(
            f"the setting {name} is wrong: {_message(fault['msg'])}",
            f"check --{name.replace('_', '-')} and {ENVIRONMENT_PREFIX}{name.upper()}",
        ) from None


def _message(told: str) -> str:
    """Pydantic's message as part of a sentence."""
    told = told.removeprefix("Value error, ")
    return told[:1].lower() + told[1:]
