"""Is it alive, how does it do, what does it offer: for machines and administrators (T40)."""

import asyncio

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import select

from identity.access import Right, local_or, public
from identity.parts import Db
from kit import metrics
from kit.errors import Unavailable

router = APIRouter()
api_router = APIRouter(tags=["system"])
_PATIENCE_S = 2.0


@router.get("/health", dependencies=[Depends(public())], include_in_schema=False)
async def health(db: Db) -> dict[str, str]:
    """Says ok when the service can serve, and nothing else to whoever asks."""
    try:
        async with asyncio.timeout(_PATIENCE_S), db.read() as conn:
            await conn.execute(select(1))
    except TimeoutError:
        raise Unavailable() from None
    return {"status": "ok"}


@router.get("/metrics", dependencies=[Depends(local_or(Right.METRICS_READ))], include_in_schema=False)
async def measured() -> PlainTextResponse:
    return PlainTextResponse(metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")


@api_router.get("/openapi.json", dependencies=[Depends(local_or(Right.METRICS_READ))], include_in_schema=False)
async def description(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())
