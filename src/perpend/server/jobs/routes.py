"""The addresses of started runs, for programs and for people. Only readers that see all accounts may use them."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, StreamingResponse
from starlette.routing import Route

from perpend.server.answers import StartedRun
from perpend.server.jobs.jobs import Job, RunInProgress, UnknownJob, events
from perpend.server.login import form_of
from perpend.server.pages.render import page
from perpend.server.reader import scope_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.jobs.jobs import Jobs

_MOST_STREAMS: Final = 16
_NO_STORE: Final = {"Cache-Control": "no-store"}
_STREAM: Final = {**_NO_STORE, "X-Accel-Buffering": "no"}


async def _start(request: Request) -> Response:
    """Start the run that the body names: ``{"run": "nightly"}``."""
    jobs = _jobs_of(request)
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        body = None
    name = body.get("run") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(name, str):
        raise HTTPException(400, 'The body is not of the form {"run": "NAME"}.')
    job = await _started(jobs, name, request)
    headers = {**_NO_STORE, "Location": f"/api/v1/runs/jobs/{job.id}"}
    return JSONResponse(_document(job.answer()), HTTPStatus.ACCEPTED, headers)


async def _list(request: Request) -> Response:
    return JSONResponse({"jobs": [_document(job.answer()) for job in _jobs_of(request).all()]}, headers=_NO_STORE)


async def _one(request: Request) -> Response:
    return JSONResponse(_document(_job_of(request).answer()), headers=_NO_STORE)


async def _cancel(request: Request) -> Response:
    job = _job_of(request)
    await _jobs_of(request).cancel(job)
    return JSONResponse(_document(job.answer()), headers=_NO_STORE)


async def _events(request: Request) -> Response:
    """Stream lines and states as server-sent events. ``Last-Event-ID`` is the number of the last line that arrived."""
    job, app = _job_of(request), request.app
    last = request.headers.get("last-event-id", "0")
    first = int(last) if last.isascii() and last.isdecimal() and len(last) < 10 else 0
    if app.state.streams >= _MOST_STREAMS:
        raise HTTPException(503, "Too many readers follow runs. Ask for the state of the run instead.", {"Retry-After": "15"})

    async def stream() -> AsyncIterator[str]:
        app.state.streams += 1
        try:
            async for event in events(job, first):
                match event:
                    case None:
                        yield ": still running\n\n"
                    case StartedRun():
                        yield f"event: state\ndata: {json.dumps(_document(event))}\n\n"
                    case number, line:
                        yield f"id: {number}\nevent: line\ndata: {json.dumps(line)}\n\n"
        finally:
            app.state.streams -= 1

    return StreamingResponse(stream(), media_type="text/event-stream", headers=_STREAM)


async def _show_runs(request: Request) -> Response:
    jobs = _jobs_of(request)
    runs = {name: shlex.join(("perpend", *command)) for name, command in jobs.runs.items()}
    return page(request, "start_run.html", runs=runs, jobs=[job.answer() for job in jobs.all()])


async def _start_from_page(request: Request) -> Response:
    jobs = _jobs_of(request)
    job = await _started(jobs, (await form_of(request)).get("run", ""), request)
    return RedirectResponse(f"/runs/jobs/{job.id}", 303, _NO_STORE)


async def _show_job(request: Request) -> Response:
    job = _job_of(request)
    _, lines = job.lines_from(0)
    return page(request, "started_run.html", job=job.answer(), is_running=job.is_running, lines=lines)


async def _cancel_from_page(request: Request) -> Response:
    job = _job_of(request)
    await _jobs_of(request).cancel(job)
    return RedirectResponse(f"/runs/jobs/{job.id}", 303, _NO_STORE)


async def _started(jobs: Jobs, name: str, request: Request) -> Job:
    try:
        return await jobs.start(name, request.state.reader)
    except UnknownJob as error:
        raise HTTPException(404, str(error)) from None
    except RunInProgress as error:
        raise HTTPException(409, str(error)) from None


def _jobs_of(request: Request) -> Jobs:
    """Return the started runs. Raises HTTPException for a reader that does not see all: runs read and print all accounts."""
    jobs: Jobs = request.app.state.jobs
    if not scope_of(request).is_all:
        raise HTTPException(403, "Only readers that see all accounts may start and follow runs.")
    if not jobs.runs:
        raise HTTPException(404, "This server starts no runs. `perpend serve --jobs` starts those of `perpend.toml`.")
    return jobs


def _job_of(request: Request) -> Job:
    job = _jobs_of(request).job(request.path_params["job"])
    if job is None:
        raise HTTPException(404, "There is no such run. A restart of the server forgets the runs that it has started.")
    return job


def _document(answer: StartedRun) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(answer).items()}


ROUTES: Final = [
    Route("/api/v1/runs", _start, methods=["POST"]),
    Route("/api/v1/runs/jobs", _list),
    Route("/api/v1/runs/jobs/{job}", _one),
    Route("/api/v1/runs/jobs/{job}", _cancel, methods=["DELETE"]),
    Route("/api/v1/runs/jobs/{job}/events", _events),
    Route("/runs/start", _show_runs),
    Route("/runs/start", _start_from_page, methods=["POST"]),
    Route("/runs/jobs/{job}", _show_job),
    Route("/runs/jobs/{job}/cancel", _cancel_from_page, methods=["POST"]),
]
