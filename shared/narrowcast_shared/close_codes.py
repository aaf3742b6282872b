"""WebSocket close codes of a decoder, to publishers and subscribers (RFC 6455, section 7.4)."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Why a decoder ends a connection. 4000 to 4999 are for applications to define."""

    SESSION_ENDED = 1000  # the session is over and every sample of it was stored and sent
    GOING_AWAY = 1001  # the decoder stops; connect again
    PROTOCOL_ERROR = 1002  # the publisher broke the wire format
    BAD_REQUEST = 1008  # what was asked for, or sent, cannot be used
    FAULT = 1011  # the decoder failed
    RESTARTING = 1012  # the decoder will be back soon; connect again
    TRY_LATER = 1013  # the decoder is at its limits; connect again
    TOKEN_ENDED = 4401  # the subscriber's token was taken back, or has expired
    UNKNOWN_SESSION = 4404  # there is no session of that name
    TOO_SLOW = 4408  # the subscriber took nothing for 10 s; connect again after the last id seen
