"""Small requests to a decoder, without an HTTP library. Blocking: for a thread."""

import http.client
import urllib.error
import urllib.request
from urllib.request import BaseHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request

from narrowcast_shared.remote import refusals
from narrowcast_shared.remote.address import Address

MAX_BYTES = 8 << 20


class _NoRedirect(HTTPRedirectHandler):
    """A decoder sends nobody elsewhere, and urllib would take the token along."""

    def redirect_request(self, *_: object) -> None:
        return None


def request(
    address: Address, url: str, timeout_s: float, method: str = "GET", body: bytes | None = None
) -> bytes:
    """The body of the answer. `timeout_s` is the longest wait for each step. body: JSON to send.

    Raises UnreachableError where nobody answers now, NoSuchSessionError where the session is
    not there, else LinkError, in the decoder's own words where it has any.
    """
    # This machine is reached directly whatever proxy the environment names.
    handlers: list[BaseHandler] = [ProxyHandler({})] if address.is_loopback else []
    if address.secure:
        handlers.append(HTTPSHandler(context=address.tls))
    opener = urllib.request.build_opener(_NoRedirect, *handlers)
    headers = address.headers | ({} if body is None else {"Content-Type": "application/json"})
    wanted = Request(url, body, headers, method=method)  # noqa: S310 - Address allows http and https alone
    try:
        with opener.open(wanted, timeout=timeout_s) as response:
            answer: bytes = response.read(MAX_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            raise refusals.of_answer(error.code, error.read(MAX_BYTES), address) from error
    except urllib.error.URLError as error:
        cause = error.reason if isinstance(error.reason, OSError) else OSError(error.reason)
        raise refusals.of_network(cause, address) from error
    except OSError as error:
        raise refusals.of_network(error, address) from error
    except http.client.HTTPException as error:
        raise refusals.not_a_decoder(address) from error
    return answer
