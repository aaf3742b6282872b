"""Where the page and its files are. Nothing of a series is in them: they are open to everybody."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from narrowcast_decoder.api import problems, service_info
from narrowcast_decoder.page import assets
from narrowcast_decoder.page.assets import Asset
from narrowcast_decoder.page.headers import API_HEADERS, FILE_HEADERS, PAGE_HEADERS
from narrowcast_decoder.security.policy import API_PATH, PAGE_PREFIX
from narrowcast_shared.errors import SettingsError

router = APIRouter(include_in_schema=False)

_HTML = "text/html"


@router.get("/")
async def page_or_index(request: Request) -> Response:
    """The page for a browser, which asks for HTML; the index for everybody else."""
    if _HTML not in request.headers.get("Accept", ""):
        index = await service_info.index()
        return JSONResponse(index.model_dump(), headers={"Vary": "Accept"})
    return _answer(request, assets.ours()[assets.INDEX], PAGE_HEADERS)


@router.get(API_PATH)
async def api_page(request: Request) -> Response:
    """The API, to look at and to try out: it shows what /openapi.json says, and is as open."""
    return _answer(request, assets.ours()[assets.API], API_HEADERS)


@router.get(f"{PAGE_PREFIX}{{name}}")
async def get_file(request: Request, name: str) -> Response:
    """One file of the page."""
    try:
        asset = assets.find(name)
    except SettingsError as error:
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        return problems.response(problems.plain(request, unavailable, error.problem, error.remedy))
    if asset is None or name in assets.PAGES:
        detail = f"the page has no file {name!r}"
        return problems.response(problems.plain(request, HTTPStatus.NOT_FOUND, detail))
    return _answer(request, asset, FILE_HEADERS)


def _answer(request: Request, asset: Asset, told: dict[str, str]) -> Response:
    """The file, compressed where that is understood, or 304 where the browser has it."""
    headers = told | {"ETag": asset.etag}
    if asset.etag in [tag.strip() for tag in _header(request, "If-None-Match")]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    content = asset.content
    if any(
        coding.split(";")[0].strip() == "gzip" for coding in _header(request, "Accept-Encoding")
    ):
        content = asset.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers | {"Content-Type": asset.media_type})


def _header(request: Request, name: str) -> list[str]:
    return request.headers.get(name, "").split(",")
