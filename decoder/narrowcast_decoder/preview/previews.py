"""Whose face may be shown by this decoder, and the face itself."""

from enum import Enum, auto

from narrowcast_decoder.ingest.registry import Registry
from narrowcast_decoder.preview.maker import Face, FaceMaker


class NoFace(Enum):
    """Why there is none to show."""

    NOT_PUBLISHED = auto()  # here, at this decoder
    NOT_ALLOWED = auto()
    NOT_YET = auto()  # it is allowed, and no face has come since
    LEAVING = auto()  # it was published here until this moment


class Previews:
    """What may be seen of the sessions that are published here."""

    def __init__(self, registry: Registry, maker: FaceMaker) -> None:
        """registry: who publishes here now."""
        self._registry = registry
        self._maker = maker

    def allows(self, session: str) -> bool:
        """Whether it is published here now, by somebody who lets its face be seen."""
        claim = self._registry.claim_of(session)
        return claim is not None and claim.preview is not None

    async def face(self, session: str) -> Face | NoFace:
        """The last face received of a session, as `FaceMaker.face` has it."""
        while True:
            claim = self._registry.claim_of(session)
            if claim is None:
                is_leaving = self._registry.is_leaving(session)
                return NoFace.LEAVING if is_leaving else NoFace.NOT_PUBLISHED
            if claim.preview is None:
                return NoFace.NOT_ALLOWED
            face = await self._maker.face(claim.preview)
            if self._registry.claim_of(session) is claim:  # else it was another one's to allow
                return face or NoFace.NOT_YET
