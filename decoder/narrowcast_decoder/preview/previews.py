"""Whose face may be shown by this decoder, and the face itself."""

from collections.abc import Callable
from enum import Enum, auto

from narrowcast_decoder.ingest.registry import Claim
from narrowcast_decoder.preview.maker import Face, FaceMaker


class NoFace(Enum):
    """Why there is none to show."""

    NOT_PUBLISHED = auto()  # here, at this decoder
    NOT_ALLOWED = auto()
    NOT_YET = auto()  # it is allowed, and no face has come since


class Previews:
    """What may be seen of the sessions that are published here."""

    def __init__(self, claim_of: Callable[[str], Claim | None], maker: FaceMaker) -> None:
        """claim_of: the connection that publishes a session here now."""
        self._claim_of = claim_of
        self._maker = maker

    async def face(self, session: str) -> Face | NoFace:
        """The last face received of a session, as `FaceMaker.face` has it."""
        while True:
            claim = self._claim_of(session)
            if claim is None:
                return NoFace.NOT_PUBLISHED
            if claim.preview is None:
                return NoFace.NOT_ALLOWED
            face = await self._maker.face(claim.preview)
            if self._claim_of(session) is claim:  # else it was another one's to allow
                return face or NoFace.NOT_YET
