"""All routes of the API, under its first version."""

from fastapi import APIRouter, Depends

from console.api import about, acting, figures, leads, stored
from console.api.asks import refuse_strange

routes = APIRouter(prefix="/api/v1", dependencies=[Depends(refuse_strange)])
for room in (leads, acting, stored, figures, about):
    routes.include_router(room.routes)
