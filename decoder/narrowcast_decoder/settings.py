"""Settings of the decoder service: environment variables NARROWCAST_..., a file, then flags.

Each goes before the one named before it.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from narrowcast_decoder.security.settings import SecuritySettings
from narrowcast_decoder.setting_types import Age, Count
from narrowcast_decoder.store.retention import Limits
from narrowcast_models.recogniser import CPU, Precision
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.logs import LogFormat
from narrowcast_shared.nearest import did_you_mean
from narrowcast_shared.text_files import read_text

ENVIRONMENT_PREFIX = "NARROWCAST_"


class DecoderSettings(SecuritySettings):
    """What `narrowcast serve` may be told."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    store: Path = Field(Path("narrowcast.sqlite"), description="File that keeps the series.")
    bus: SecretStr | None = Field(
        None, description="Valkey or Redis that keeps the series instead, shared by decoders."
    )
    model: str = Field("oa", description="Shipped model, or a .safetensors file.")
    threads: int = Field(1, ge=1, le=64, description="Threads of the network.")
    workers: int = Field(
        1, ge=1, le=64, description="Processes that read; 1 reads on a thread of the service."
    )
    precision: Precision = Field(
        Precision.AUTO, description="What the network is multiplied in; int8 where it is exact."
    )
    device: str = Field(CPU, description="What the network runs on; cuda takes PyTorch.")
    preview: bool = Field(True, description="Show faces of publishers that allow it.")
    log_format: LogFormat = Field(LogFormat.TEXT, description="How a record is written.")
    max_age: Age | None = Field(None, description="How long series are kept, in s.")
    max_samples: Count | None = Field(None, description="Samples that are kept in all.")
    max_bytes: Count | None = Field(None, description="Bytes that the series may fill.")

    @property
    def limits(self) -> Limits:
        """What is kept at most."""
        return Limits(self.max_age, self.max_samples, self.max_bytes)


def read_settings(config: Path | None = None, **flags: Any) -> DecoderSettings:  # noqa: ANN401 - checked by pydantic
    """Settings with those of the file, and the flags that were given (neither None nor empty).

    Raises SettingsError that names the wrong one, and where it is from.
    """
    in_file = {} if config is None else _read_file(config)
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    try:
        return DecoderSettings(**in_file | given)
    except pydantic.ValidationError as error:
        fault = error.errors(include_input=False, include_context=False)[0]
        told = _message(fault["msg"])
        if not fault["loc"]:
            raise SettingsError(f"the settings do not fit together: {told}") from None
        name = str(fault["loc"][0])
        where = _where(name, given, in_file, config)
        raise SettingsError(f"the setting {name} is wrong: {told}", f"check {where}") from None


def _where(name: str, flags: Mapping[str, Any], in_file: Mapping[str, Any], file: object) -> str:
    """Which of the three a value is from."""
    if name in flags:
        return f"--{name.replace('_', '-')}"
    if name in in_file:
        return f"{name} in {file}"
    return f"{ENVIRONMENT_PREFIX}{name.upper()}"


def _read_file(path: Path) -> dict[str, Any]:
    """What a file of settings says (TOML). Raises SettingsError."""
    try:
        document = tomllib.loads(read_text(path))
    except OSError as error:
        raise SettingsError(
            f"the settings in {path} cannot be read ({error.strerror})", "check --config"
        ) from None
    except ValueError as error:  # TOML's errors, and those of UTF-8
        raise SettingsError(f"{path} is no TOML ({error})") from None
    known = DecoderSettings.model_fields
    for key in document:
        if key not in known:
            raise SettingsError(f"{path} has an unknown setting {key!r}{did_you_mean(key, known)}")
    return document


def _message(told: str) -> str:
    """Pydantic's message as part of a sentence."""
    told = told.removeprefix("Value error, ")
    return told[:1].lower() + told[1:]
