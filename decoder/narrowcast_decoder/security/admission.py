"""Whether a request is let in: host, origin, rates, token, right and places, in this order.

Pure but for what it counts: time is an argument.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from narrowcast_decoder.security import addresses, credentials, origins
from narrowcast_decoder.security.buckets import Buckets, Rate
from narrowcast_decoder.security.keyring import Keyring
from narrowcast_decoder.security.leases import Lease
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.policy import Kind as RequestKind
from narrowcast_decoder.security.policy import Requirement, is_safe, requirement
from narrowcast_decoder.security.refusals import Kind, Refusal

_WAIT_S = 5.0
_HOW_TO_GIVE_ONE = (
    "send `Authorization: Bearer TOKEN`, or from a browser's WebSocket the "
    "subprotocol `narrowcast.token.TOKEN`"
)


class Request(NamedTuple):
    """What of an HTTP request or a WebSocket's handshake counts."""

    method: str
    path: str
    peer: str
    headers: Sequence[tuple[bytes, bytes]]
    subprotocols: Sequence[str] = ()
    websocket: bool = False


@dataclass(frozen=True)
class Surroundings:
    """Where the service stands. by_address: whether limits by address hold."""

    loopback: bool
    by_address: bool
    allowed_origins: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    proxies: tuple[addresses.Network, ...] = ()


class Admitted(NamedTuple):
    """A lease, and the place of a follower that is to be left at the end."""

    lease: Lease
    follows: str | None = None


@dataclass
class Followers:
    """How many follow a series now, in all and by session."""

    total: int = 0
    by_session: Counter[str] = field(default_factory=Counter)

    def add(self, session: str) -> None:
        self.total += 1
        self.by_session[session] += 1

    def remove(self, session: str) -> None:
        self.total -= 1
        self.by_session[session] -= 1
        if not self.by_session[session]:
            del self.by_session[session]


class Admission:
    """Decides, and counts who is in."""

    def __init__(self, keyring: Keyring, limits: Limits, surroundings: Surroundings) -> None:
        self._keyring = keyring
        self._limits = limits
        self._where = surroundings
        self._by_address = Buckets(_rate(limits.requests_per_s, limits))
        self._by_token = Buckets(_rate(limits.token_requests_per_s, limits))
        self._followers = Followers()

    def admit(self, request: Request, now_us: int) -> Admitted | Refusal:
        """Let a request in at `now_us` (monotonic), or say why not."""
        refusal = self._page(request) or self._body(request) or self._rate(request, now_us)
        if refusal is not None:
            return refusal
        wanted = requirement(request.method, request.path)
        lease = self._lease(request, wanted)
        if isinstance(lease, Refusal):
            return lease
        return self._token_rate(lease, now_us) or self._place(lease, wanted)

    def leave(self, admitted: Admitted) -> None:
        """What was let in is over."""
        if admitted.follows is not None:
            self._followers.remove(admitted.follows)

    def _page(self, request: Request) -> Refusal | None:
        host = credentials.value(request.headers, b"host")
        if not origins.allows_host(
            host,
            self._where.allowed_hosts,
            loopback=self._where.loopback,
            has_tokens=not self._keyring.is_open,
        ):
            return Refusal(
                Kind.WRONG_HOST,
                "the service is not known by the name that it was called by",
                "call it by its own, or start it with --allow-host NAME",
            )
        origin = credentials.value(request.headers, b"origin")
        several = origin is None and credentials.values(request.headers, b"origin")
        guarded = request.websocket or not is_safe(request.method)
        if guarded and (
            several or not origins.allows_origin(origin, host, self._where.allowed_origins)
        ):
            return Refusal(
                Kind.WRONG_ORIGIN,
                "a page of another origin may not do this",
                "start the service with --allow-origin ORIGIN, where that page is to be trusted",
            )
        return None

    def _body(self, request: Request) -> Refusal | None:
        told = credentials.value(request.headers, b"content-length")
        most = self._limits.body_bytes
        if told is None or (told.isdecimal() and len(told) < 16 and int(told) <= most):
            return None
        return Refusal(Kind.TOO_LARGE, f"a body of over {most} bytes", "leave it out")

    def _rate(self, request: Request, now_us: int) -> Refusal | None:
        if not self._where.by_address:
            return None
        address = addresses.client_address(
            request.peer,
            credentials.values(request.headers, b"x-forwarded-for"),
            self._where.proxies,
        )
        if addresses.is_of(address, self._where.proxies):
            return None  # it does not say whose request it hands on
        wait_s = self._by_address.take(addresses.limit_key(address), now_us)
        return _too_many(wait_s, "this address") if wait_s else None

    def _lease(self, request: Request, wanted: Requirement) -> Lease | Refusal:
        if self._keyring.is_open or (wanted.scope is None and not wanted.any_scope):
            return Lease()
        secret = credentials.secret(request.headers, request.subprotocols)
        if secret is None:
            return Refusal(Kind.NO_TOKEN, "this needs a token", _HOW_TO_GIVE_ONE)
        lease = self._keyring.lease(secret)
        if lease is None:
            return Refusal(
                Kind.WRONG_TOKEN,
                "the token is not known here, or has expired",
                "ask who runs this decoder for another one",
            )
        if wanted.scope is not None and not lease.use(wanted.scope, wanted.session):
            what = "" if wanted.session is None else " for this session"
            return Refusal(
                Kind.NOT_ALLOWED,
                f"the token {lease.name!r} lacks the scope {wanted.scope}{what}",
                "ask who runs this decoder for one that does",
            )
        return lease

    def _token_rate(self, lease: Lease, now_us: int) -> Refusal | None:
        if lease.token is None:
            return None
        wait_s = self._by_token.take(lease.token.digest.hex(), now_us)
        return _too_many(wait_s, f"the token {lease.name!r}") if wait_s else None

    def _place(self, lease: Lease, wanted: Requirement) -> Admitted | Refusal:
        if wanted.kind is not RequestKind.FOLLOW or wanted.session is None:
            return Admitted(lease)
        followers, limits = self._followers, self._limits
        if followers.total >= limits.subscribers:
            return _full(f"{limits.subscribers} subscribers are here, and no more can be")
        if followers.by_session[wanted.session] >= limits.subscribers_per_session:
            return _full(f"{limits.subscribers_per_session} follow this session, and no more can")
        followers.add(wanted.session)
        return Admitted(lease, wanted.session)


def _rate(per_s: float, limits: Limits) -> Rate:
    return Rate(per_s, per_s * limits.burst_s)


def _too_many(wait_s: float, whose: str) -> Refusal:
    return Refusal(
        Kind.TOO_MANY_REQUESTS,
        f"too many requests of {whose}",
        "wait for as long as Retry-After says",
        wait_s,
    )


def _full(detail: str) -> Refusal:
    return Refusal(Kind.TOO_MANY_SUBSCRIBERS, detail, "come back later", _WAIT_S)
