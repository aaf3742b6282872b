"""Which weights read a series: the name they were asked for by, and their checksum."""

from pathlib import PurePath

from pydantic import BaseModel, ConfigDict


class ModelName(BaseModel):
    """Which model read; None where it is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    """As `--model` was given: shipped, or a file."""
    sha256: str | None = None
    """Checksum of its weights, hexadecimal."""

    @property
    def stem(self) -> str:
        """Of a weight file its name: it may lie elsewhere on another machine."""
        return PurePath(self.name or "").name.removesuffix(".safetensors")

    def differs(self, other: "ModelName") -> bool:
        """Whether these are certainly two models. The checksum decides where both have one."""
        if self.sha256 and other.sha256:
            return self.sha256 != other.sha256
        return None not in (self.name, other.name) and self.stem != other.stem

    def __str__(self) -> str:
        """As `oa (9f86d081)`: a short form of the checksum behind the name."""
        checksum = f" ({self.sha256[:8]})" if self.sha256 else ""
        return f"{self.name or 'unknown'}{checksum}"


UNKNOWN_MODEL = ModelName()
