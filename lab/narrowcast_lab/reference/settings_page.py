"""The reference of the decoder's settings, out of their one definition."""

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from narrowcast_decoder.settings import ENVIRONMENT_PREFIX, DecoderSettings
from narrowcast_lab.reference.walk import contexts
from narrowcast_models.evaluation.markdown import table


def settings() -> str:
    """Markdown: a table of what `narrowcast serve` may be told, and by which of its three ways."""
    flags = _flags_of("narrowcast serve")
    rows = [
        _row(name, field, flags.get(name)) for name, field in DecoderSettings.model_fields.items()
    ]
    return table(("in the file", "what it is", "default", "flag, environment"), rows)


def _row(name: str, field: FieldInfo, flag: str | None) -> tuple[str, ...]:
    environment = f"`{ENVIRONMENT_PREFIX}{name.upper()}`"
    ways = f"`{flag}`<br>{environment}" if flag else environment
    return f"`{name}`", field.description or "", _default(field.default), ways


def _default(value: Any) -> str:  # noqa: ANN401 - of any setting
    if value is None or value == () or isinstance(value, SecretStr):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _flags_of(path: str) -> dict[str, str]:
    """The flag of each parameter of a command, by the parameter's name."""
    found = next(context.command for context in contexts() if context.command_path == path)
    return {str(parameter.name): parameter.opts[0] for parameter in found.params}
