"""What a Parquet file says of the whole series, beside its samples."""

from collections.abc import Mapping
from pathlib import Path

import pydantic
from pydantic import BaseModel, Field, FiniteFloat

from narrowcast_client.baseline import Known
from narrowcast_shared.errors import DataError
from narrowcast_shared.model_name import ModelName


class Told(BaseModel):
    """As `client.export` writes it; None where the file does not say."""

    model: str | None = Field(default=None, alias="narrowcast.model")
    model_sha256: str | None = Field(default=None, alias="narrowcast.model_sha256")
    clock_offset_ms: FiniteFloat | None = Field(default=None, alias="narrowcast.clock_offset_ms")
    clock_error_ms: FiniteFloat | None = Field(default=None, alias="narrowcast.clock_error_ms")
    resting_valence: FiniteFloat | None = Field(default=None, alias="narrowcast.resting_valence")
    resting_error: FiniteFloat | None = Field(
        default=None, alias="narrowcast.resting_standard_error"
    )

    @property
    def read_by(self) -> ModelName | None:
        """The model and its weights; None where no model is told."""
        if self.model is None:
            return None
        return ModelName(name=self.model, sha256=self.model_sha256)

    @property
    def rest(self) -> str | None:
        """The resting valence that was subtracted, in words."""
        if self.resting_valence is None or self.resting_error is None:
            return None
        return str(Known(self.resting_valence, self.resting_error))


NOTHING_TOLD = Told()


def read_told(path: Path, metadata: Mapping[bytes, bytes]) -> Told:
    """What the schema's metadata of the file at `path` say; empty ones say nothing.

    Raises DataError where that is not what `client.export` writes.
    """
    try:
        texts = {key.decode(): text.decode() for key, text in metadata.items() if text}
        return Told.model_validate(texts)
    except (UnicodeDecodeError, pydantic.ValidationError):
        raise DataError(
            f"{path} says of itself what cannot be read", "export the session again"
        ) from None
