"""A page's endpoint: its headers, the way to the door, and errors that people can read."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from sync_assets.core.errors import SyncError
from sync_assets.gateway.pages import cookies
from sync_assets.gateway.pages.language import chosen, language_of
from sync_assets.gateway.pages.rendering import HEADERS, page
from sync_assets.gateway.pages.telling import said
from sync_assets.gateway.pages.visitor import SignedOut
from sync_assets.gateway.problems import Problem, problem_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """Answers with pages, also when something is wrong."""

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        answer: Handler = super().get_route_handler()

        async def handler(request: Request) -> Response:
            response = await _answer(request, answer)
            for name, value in HEADERS.items():
                response.headers[name] = value
            code = chosen(request)
            if code is not None:
                cookies.remember_language(request, response, code)
            return response

        return handler


async def _answer(request: Request, answer: Handler) -> Response:
    try:
        return await answer(request)
    except SignedOut:
        return RedirectResponse(f"/t/{request.path_params['tenant_id']}/sign-in", 303)
    except Problem as problem:
        return _shown(request, problem)
    except SyncError as error:
        problem = problem_of(error)
        if problem is None:
            raise
        return _shown(request, problem)
    except RequestValidationError:
        return _shown(request, Problem(422))
    except HTTPException as error:
        return _shown(request, Problem(error.status_code))


def _shown(request: Request, problem: Problem) -> Response:
    words = language_of(request)
    response = page(
        request,
        "problem.html",
        problem.status,
        title=words.problem.titles.get(problem.status, words.problem.title),
        detail=words.problem.details.get(problem.status) or said(problem.detail, words),
        number=problem.status,
        tenant_id=request.path_params.get("tenant_id"),
    )
    response.headers.update(problem.headers)
    return response
