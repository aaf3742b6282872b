"""The face of a session as it is received, where its publisher lets it be seen."""

import base64
from http import HTTPStatus
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.parameters import ServiceOf, SessionName
from narrowcast_decoder.preview.maker import Face
from narrowcast_decoder.preview.previews import NoFace
from narrowcast_decoder.store.interface import SessionState

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])

_NOT_KEPT = {"Cache-Control": "no-store"}

_EXAMPLE = {
    "seq": 1002,
    "t": 1767225640.04,
    "px": 16,
    "qp": 30,
    "received": "data:image/png;base64,iVBORw0KGgo...",
    "restored": "data:image/png;base64,iVBORw0KGgo...",
}


class _Refusal(NamedTuple):
    """Why there is no face, as a problem document says it."""

    kind: str
    title: str
    detail: str
    remedy: str | None = None


_OFF = _Refusal("preview-off", "Previews are off", "this decoder shows no faces")
_ELSEWHERE = _Refusal(
    "session-elsewhere",
    "The session is not published at this decoder",
    "the encoder of session {session} is connected to another decoder",
    "ask the decoder that it is connected to: faces are not shared",
)
_NOT_ALLOWED = _Refusal(
    "preview-not-allowed",
    "The publisher does not allow it",
    "the publisher of session {session} does not let its face be seen",
    "`narrowcast encode --preview` does",
)

_KINDS = [each.kind for each in (_OFF, _ELSEWHERE, _NOT_ALLOWED)]
_DESCRIBED = (
    "There is no session of that name; or there is, and its face cannot be seen here: `type` ends "
    "in why, " + ", ".join(f"`{kind}`" for kind in _KINDS) + "."
)
_NONE_NOW = (
    "There is no face now: none has come since its encoder was connected, or no encoder is. No "
    "face is kept of a session that nobody publishes."
)


class ShownFace(BaseModel):
    """The last face that was received of a session."""

    seq: int = Field(description="Number of its frame.")
    t: float = Field(description="Its capture time, Unix time in s of the encoder's clock.")
    px: int = Field(description="Side in px that it was coded at.")
    qp: int = Field(description="Quantiser that it was coded with.")
    received: str = Field(
        description="The chip as it was decoded, px x px: a data URL of a gray PNG."
    )
    restored: str | None = Field(
        description="The network's idea of the face before the link, 48 x 48, likewise. Details "
        "in it are made up. null where the model makes no pictures."
    )


@router.get(
    "/{session}/face",
    summary="The face as it is received",
    response_model=ShownFace,
    response_description="The last face, and what the network makes of it.",
    responses={
        200: {"content": {"application/json": {"example": _EXAMPLE}}},
        204: {"description": _NONE_NOW},
        **problems.responses(404, 422, 503),
        404: {"model": problems.Problem, "description": _DESCRIBED},
    },
)
async def get_face(request: Request, service: ServiceOf, session: SessionName) -> Response:
    """The last chip of a session whose publisher is connected here and lets its face be seen.

    Only `narrowcast encode --preview` does. Nothing of it is stored, and it is gone when the
    publisher is. It is made anew four times a second at most. Whoever looks for as long as there
    is something to see asks while the session's `preview` is true.
    """
    if service.previews is None:
        return _refused(request, _OFF, session)
    found = await service.previews.face(session)
    if isinstance(found, Face):
        body = _shown(found).model_dump_json()
        return Response(body, headers=_NOT_KEPT, media_type="application/json")
    if found is NoFace.NOT_ALLOWED:
        return _refused(request, _NOT_ALLOWED, session)
    if found is NoFace.NOT_PUBLISHED:
        summary = await service.summary(session)
        if summary.state is SessionState.LIVE:
            return _refused(request, _ELSEWHERE, session)
    # Also where it is over: who still looks hears of that a moment later, and has done no wrong.
    return Response(status_code=204, headers=_NOT_KEPT)


def _shown(face: Face) -> ShownFace:
    return ShownFace(
        seq=face.seq,
        t=face.t,
        px=face.px,
        qp=face.qp,
        received=_data_url(face.received),
        restored=None if face.restored is None else _data_url(face.restored),
    )


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _refused(request: Request, refusal: _Refusal, session: str) -> Response:
    problem = problems.Problem(
        type=f"urn:narrowcast:problem:{refusal.kind}",
        title=refusal.title,
        status=HTTPStatus.NOT_FOUND,
        detail=refusal.detail.format(session=repr(session)),
        instance=request.url.path,
        remedy=refusal.remedy,
    )
    return problems.response(problem, _NOT_KEPT)
