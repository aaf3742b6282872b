"""What the networks run on: an accelerator where one is at hand."""

import torch

from narrowcast_shared.errors import SettingsError

AUTO = "auto"


def choose(name: str = AUTO) -> torch.device:
    """The device of that name; `auto` takes CUDA where there is any. Raises SettingsError."""
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
        return torch.device(name)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(f"there is no device {name!r}", "try --device cpu") from error
