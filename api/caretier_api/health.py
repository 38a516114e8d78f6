"""The routes for those who run the service: is it alive, is it ready, what does it count."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from caretier_api.service import Service


def health_router(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.get("/health/live", operation_id="live", response_class=Response)
    async def live() -> Response:
        return JSONResponse({"status": "live"})

    @router.get("/health/ready", operation_id="ready", response_class=Response)
    async def ready() -> Response:
        service.require_ready()
        told = {"status": "ready", "engine": service.kb.engine}
        if service.recorder is not None:  # it stays ready: results matter more than their record
            told["decision_log"] = "failing" if service.recorder.is_failing else "recording"
        return JSONResponse(told)

    @router.get("/metrics", operation_id="metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
