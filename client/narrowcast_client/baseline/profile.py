"""A stored resting valence of one person, as one model estimates it."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import pydantic
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from narrowcast_client.baseline.estimate import RestLearner
from narrowcast_shared import __version__
from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.in_place import in_place
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.see import See
from narrowcast_shared.text_files import read_text

_MAKE_ONE = "make one with `narrowcast baseline SESSION --out FILE.json`"


class Profile(BaseModel):
    """A person's resting valence, and the samples it was learned from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["narrowcast baseline 1"] = "narrowcast baseline 1"
    resting_valence: float = Field(ge=-1, le=1)
    standard_error: float = Field(ge=0, allow_inf_nan=False)
    spread: float = Field(
        ge=0, allow_inf_nan=False, description="Standard deviation around it, robust."
    )
    effective_bins: float = Field(ge=1, description="Independent quarters of a second.")
    face_s: float = Field(gt=0, description="Time with estimates that it was learned from, s.")
    readings: int = Field(ge=1)
    model: ModelName
    px: tuple[int, int] | None = Field(description="Smallest and largest side of the chips, px.")
    source: str = Field(description="The session or file that it was learned from.")
    from_t: float = Field(description="Capture time of the first estimate, s, as in that series.")
    made: AwareDatetime
    narrowcast: str = Field(default=__version__, description="Version that made it.")


@pointing_to(See.BASELINE)
def profile_of(learner: RestLearner, model: ModelName, source: str, made: datetime) -> Profile:
    """The profile of a learned rest. Raises SettingsError where too little face was seen."""
    if learner.rest is None or learner.first_t is None:
        whole_s = int(learner.seen_s)
        raise SettingsError(
            f"{source} has {learner.seen_s:.0f} of the {learner.seconds:g} s of face asked for",
            f"record more of it, or give --seconds {whole_s}s"
            if whole_s >= 5
            else "record more of it: rest takes at least 5 s",
        )
    return Profile(
        resting_valence=learner.rest.valence,
        standard_error=learner.rest.standard_error,
        spread=learner.rest.spread,
        effective_bins=learner.rest.effective_bins,
        face_s=learner.seen_s,
        readings=learner.readings,
        model=model,
        px=learner.px,
        source=source,
        from_t=learner.first_t,
        made=made,
    )


@pointing_to(See.BASELINE)
def read_profile(path: Path) -> Profile:
    """The profile in a file. Raises SettingsError where the file does not hold one."""
    try:
        return Profile.model_validate_json(read_text(path))
    except UnicodeError as error:
        raise SettingsError(f"{path} is not a baseline profile ({error})", _MAKE_ONE) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})", _MAKE_ONE) from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = f"{where}: {first['msg']}" if where else first["msg"]
        raise SettingsError(f"{path} is not a baseline profile ({what})", _MAKE_ONE) from None


def write_profile(profile: Profile, path: Path) -> None:
    """One JSON object. Raises SettingsError where it cannot be written."""
    with in_place(path) as part:
        part.write_text(profile.model_dump_json(indent=2) + "\n", encoding="utf-8")
