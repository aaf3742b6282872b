"""Small requests to a decoder, without an HTTP library. Blocking: for a thread."""

import http.client
import json
import urllib.error
import urllib.request
from http import HTTPStatus
from urllib.request import ProxyHandler, Request

from narrowcast_shared.errors import LinkError
from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address

MAX_BYTES = 8 << 20

_TOLD = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}


def request(address: Address, url: str, timeout_s: float, method: str = "GET") -> bytes:
    """The body of the answer. `timeout_s` is the longest wait for each step.

    Raises UnreachableError where nobody answers now, NoSuchSessionError where the session is
    not there, else LinkError, in the decoder's own words where it has any.
    """
    # This machine is reached directly whatever proxy the environment names.
    handlers = [ProxyHandler({})] if address.is_loopback else []
    opener = urllib.request.build_opener(*handlers)
    wanted = Request(url, method=method)  # noqa: S310 - Address allows http and https alone
    try:
        with opener.open(wanted, timeout=timeout_s) as response:
            body: bytes = response.read(MAX_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error.code, error.read(MAX_BYTES), address) from error
    except urllib.error.URLError as error:
        cause = error.reason if isinstance(error.reason, OSError) else OSError(error.reason)
        raise refusals.of_network(cause, address) from error
    except OSError as error:
        raise refusals.of_network(error, address) from error
    except http.client.HTTPException as error:
        raise refusals.not_a_decoder(address) from error
    return body


def _refusal(status: int, body: bytes, address: Address) -> LinkError:
    """The problem document (RFC 9457) where it is one, else what the status means."""
    try:
        problem = json.loads(body)
        detail, remedy = str(problem["detail"]), str(problem.get("remedy", ""))
        kind = str(problem["type"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return refusals.of_status(status, address)
    if kind.endswith(":unknown-session"):
        return refusals.NoSuchSessionError(detail, "`narrowcast sessions` lists those there are")
    if status in _TOLD:
        return LinkError(detail, remedy)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return refusals.UnreachableError(detail, remedy)
    return refusals.of_status(status, address)
