"""The read side as an ASGI application. Nothing is started or stopped here."""

from fastapi import FastAPI

from narrowcast_decoder.api import (
    description,
    events,
    face,
    marks,
    problems,
    samples,
    service_info,
    sessions,
    subscribe,
    upgrade,
)
from narrowcast_decoder.page.router import router as page_router
from narrowcast_decoder.service import Service
from narrowcast_shared import __version__


def create_app(service: Service) -> FastAPI:
    """The application that serves what `service` holds.

    Whoever calls this owns the service: opens it before, and closes first its hub, which
    ends all that follow a series, and then its store.
    """
    app = description.DescribedApi(
        title="narrowcast decoder",
        summary=description.SUMMARY,
        description=description.DESCRIPTION,
        version=__version__,
        openapi_tags=description.TAGS,
        generate_unique_id_function=description.operation_id,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        # FastAPI's own pages load their scripts from somebody else's server; ours is at /docs.
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    problems.install(app)
    subscribe.install(app)
    app.include_router(page_router)  # first: at `/` it hands on to the index
    for part in (service_info, sessions, samples, marks, events, face, subscribe, upgrade):
        app.include_router(part.router)
    return app
