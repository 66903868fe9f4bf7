"""设置·账号: who may sign in, as what, for which district. Admins only."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Registrar, RowId, TheDesk
from console.desk import Desk
from console.language import told_by
from console.rendering import page
from console.roles import OF_DISTRICTS, ROLE_NAMES
from console.staff import DistrictRefused, UserRefused, add_user, reset_password, set_enabled, set_role
from db import users
from db.engine import Connection, transaction
from records import Fault

routes = APIRouter(prefix="/settings/users")

Word = Annotated[str, Form(max_length=80)]
#: Longer than any name may be: one that is too long is told so, in the form that has it still.
Name = Annotated[str, Form(max_length=400)]


@routes.get("")
def user_list(request: Request, desk: TheDesk, visitor: Registrar) -> Response:
    """Every account, and the form for a new one."""
    del visitor
    return _shown(request, desk)


@routes.post("")
def add(
    request: Request,
    desk: TheDesk,
    visitor: Registrar,
    name: Name = "",
    role: Word = "",
    full_name: Name = "",
    district: Word = "",
) -> Response:
    """Make an account; its one-time password stands on this answer and nowhere else."""
    entered = {"name": name.strip(), "role": role, "full_name": full_name, "district": district}

    def made(conn: Connection) -> str:
        return add_user(conn, **entered, actor=visitor.user.name, at=desk.now())

    return _with_password(request, desk, entered["name"], made, entered)


@routes.post("/{user_id}/reset")
def reset(request: Request, desk: TheDesk, visitor: Registrar, user_id: RowId) -> Response:
    """A new one-time password, likewise shown once; the old one and all sessions end."""
    name = _name(desk, user_id)

    def made(conn: Connection) -> str:
        return reset_password(conn, name=name, actor=visitor.user.name, at=desk.now())

    return _with_password(request, desk, name, made)


@routes.post("/{user_id}/enabled")
def enable(desk: TheDesk, visitor: Registrar, user_id: RowId, enabled: Annotated[bool, Form()]) -> Response:
    """Switch an account off or on again; its sessions end."""
    name = _name(desk, user_id)
    with transaction(desk.engine) as conn:
        set_enabled(conn, name=name, enabled=enabled, actor=visitor.user.name, at=desk.now())
    return RedirectResponse("/settings/users", status_code=303)


@routes.post("/{user_id}/role")
def change_role(
    request: Request, desk: TheDesk, visitor: Registrar, user_id: RowId, role: Word = "", district: Word = ""
) -> Response:
    """Another role or district; the sessions end, so the new one holds from the next request on."""
    name = _name(desk, user_id)
    try:
        with transaction(desk.engine) as conn:
            set_role(conn, name=name, role=role, district=district, actor=visitor.user.name, at=desk.now())
    except (UserRefused, DistrictRefused) as refusal:
        return _shown(request, desk, refusal=refusal, status=400)
    return RedirectResponse("/settings/users", status_code=303)


def _name(desk: Desk, user_id: RowId) -> str:
    with transaction(desk.engine) as conn:
        user = users.by_id(conn, user_id)
    if user is None:
        raise HTTPException(404)
    return user.name


def _with_password(
    request: Request, desk: Desk, name: str, made: Callable[[Connection], str], entered: dict[str, str] | None = None
) -> Response:
    try:
        with transaction(desk.engine) as conn:
            password = made(conn)
    except (UserRefused, DistrictRefused) as refusal:
        return _shown(request, desk, refusal=refusal, entered=entered, status=400)
    return _shown(request, desk, issued=(name, password))


def _shown(
    request: Request,
    desk: Desk,
    *,
    refusal: Fault | None = None,
    issued: tuple[str, str] | None = None,
    entered: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with transaction(desk.engine) as conn:
        listed, districts = users.every(conn), users.all_districts(conn)
    context = {
        "listed": listed,
        "districts": districts,
        "roles": ROLE_NAMES,
        "of_districts": OF_DISTRICTS,
        "issued": issued,
        "entered": entered or {"name": "", "role": "", "full_name": "", "district": ""},
        "refusal": " ".join(told_by(refusal)) if refusal else "",
    }
    return HTMLResponse(page(request, "people.html", context), status_code=status)
