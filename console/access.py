"""What a route may ask of the door: who is there, and may they."""

from typing import Annotated

from fastapi import Depends, HTTPException, Path, Request

from console.accounts import Visitor
from console.desk import Desk

#: Who may screen and bring leads in; the others read.
SCREENERS = frozenset({"inspector", "head", "admin"})


def desk_of(request: Request) -> Desk:
    """The desk that the application was made with."""
    desk: Desk = request.app.state.desk
    return desk


def signed_in(request: Request) -> Visitor:
    """The person the door let in; 401 where it let nobody in (a public page)."""
    visitor: Visitor | None = request.state.visitor
    if visitor is None:
        raise HTTPException(401)
    return visitor


def screener(request: Request) -> Visitor:
    """The person, when allowed to screen; 403 else."""
    visitor = signed_in(request)
    if visitor.user.role not in SCREENERS:
        raise HTTPException(403)
    return visitor


#: What addresses a row; a number that no row can have is an address that is not there.
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
TheDesk = Annotated[Desk, Depends(desk_of)]
Reader = Annotated[Visitor, Depends(signed_in)]
Screener = Annotated[Visitor, Depends(screener)]
