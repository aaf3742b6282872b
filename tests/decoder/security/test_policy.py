"""Every path asks for a right, but for those that are listed as open."""

from typing import Any

import pytest
from starlette.routing import BaseRoute

from narrowcast_decoder.app import create_app
from narrowcast_decoder.hub import Hub
from narrowcast_decoder.security.policy import (
    OPEN_PATHS,
    PAGE_PREFIX,
    Kind,
    Requirement,
    requirement,
)
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.service import Service


def paths(found: list[BaseRoute]) -> set[str]:
    """Paths of all routes, also of those in routers."""
    here = {str(route.path) for route in found if hasattr(route, "path")}
    inner = [r for route in found for r in getattr(_holder(route), "routes", None) or []]
    return here | (paths(inner) if inner else set())


def _holder(route: BaseRoute) -> object:
    """Where FastAPI keeps the routes of a router that was included."""
    return getattr(route, "original_router", route)


def test_no_route_is_open_that_is_not_meant_to_be() -> None:
    store: Any = None
    app = create_app(Service(store, Hub(), set[str], model="oa"))
    described = set(app.openapi()["paths"]) | paths(list(app.routes))
    assert described > {"/v1/sessions/{session}/subscribe", "/v1/sessions/{session}/face"}
    wanted = {path: requirement("GET", path) for path in described}
    open_ = {path for path, asked in wanted.items() if asked.scope is None and not asked.any_scope}
    assert open_ == (OPEN_PATHS & described) | {f"{PAGE_PREFIX}{{name}}"}


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", "/v1/sessions", Requirement(Scope.SUBSCRIBE)),
        ("GET", "/v1/sessions/anna", Requirement(Scope.SUBSCRIBE, "anna")),
        ("HEAD", "/v1/sessions/anna/samples", Requirement(Scope.SUBSCRIBE, "anna")),
        ("GET", "/v1/sessions/anna/events", Requirement(Scope.SUBSCRIBE, "anna", Kind.FOLLOW)),
        ("GET", "/v1/sessions/anna/subscribe", Requirement(Scope.SUBSCRIBE, "anna", Kind.FOLLOW)),
        ("DELETE", "/v1/sessions/anna", Requirement(Scope.ADMIN, "anna")),
        ("PATCH", "/v1/sessions/anna/samples", Requirement(Scope.ADMIN, "anna")),
        ("GET", "/v1/sessions/anna/marks", Requirement(Scope.SUBSCRIBE, "anna")),
        ("POST", "/v1/sessions/anna/marks", Requirement(Scope.ANNOTATE, "anna")),
        ("DELETE", "/v1/sessions/anna/marks", Requirement(Scope.ADMIN, "anna")),
        ("POST", "/v1/sessions/anna", Requirement(Scope.ADMIN, "anna")),
        ("POST", "/v1/sessions/anna/marks/", Requirement(Scope.ADMIN, "anna")),
        ("GET", "/v1/sessions/", Requirement(Scope.SUBSCRIBE, "")),
        ("GET", "/v1/sessions/../../metrics", Requirement(Scope.SUBSCRIBE, "..")),
        ("GET", "/v1/publish", Requirement(Scope.PUBLISH, kind=Kind.PUBLISH)),
        ("GET", "/metrics", Requirement(Scope.METRICS)),
        ("GET", "/v1/sessions/anna/face", Requirement(Scope.SUBSCRIBE, "anna")),
        ("GET", "/healthz", Requirement(None)),
        ("GET", "/page/main.js", Requirement(None)),
        ("GET", "/page/../metrics", Requirement(None, any_scope=True)),
        ("GET", "/page", Requirement(None, any_scope=True)),
        ("GET", "//healthz", Requirement(None, any_scope=True)),
        ("GET", "/healthz/", Requirement(None, any_scope=True)),
        ("GET", "/V1/sessions", Requirement(None, any_scope=True)),
        ("POST", "/nothing", Requirement(None, any_scope=True)),
    ],
)
def test_rights(method: str, path: str, asked: Requirement) -> None:
    assert requirement(method, path) == asked
