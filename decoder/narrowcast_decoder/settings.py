"""Settings of the decoder service: flags, then environment variables NARROWCAST_..., then these."""

from pathlib import Path
from typing import Any

import pydantic
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from narrowcast_shared.errors import SettingsError

ENVIRONMENT_PREFIX = "NARROWCAST_"


class DecoderSettings(BaseSettings):
    """What `narrowcast serve` may be told."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    store: Path = Field(Path("narrowcast.sqlite"), description="File that keeps the series.")
    model: str = Field("oa", description="Shipped model, or a .safetensors file.")
    threads: int = Field(1, ge=1, le=64, description="Threads of the network.")


def read_settings(**flags: Any) -> DecoderSettings:  # noqa: ANN401 - checked by pydantic
    """Settings with the flags that were given (not None). Raises SettingsError naming the wrong."""
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return DecoderSettings(**given)
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        raise SettingsError(
            f"the setting {name} is wrong: {fault['msg'].lower()}",
            f"check --{name} and {ENVIRONMENT_PREFIX}{name.upper()}",
        ) from None
