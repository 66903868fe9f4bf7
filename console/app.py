"""Puts the console together."""

import hashlib
import json
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from console import (
    audit_pages,
    browse,
    bulk,
    dispositions,
    errors,
    exports,
    extractions,
    grouping,
    intake,
    leads,
    login,
    packages,
    people,
    preferences,
    printing,
    related,
    remarks,
    replay,
    retention,
    review,
    saved,
    second,
    setup,
    stats,
    today,
    token_pages,
    verdicts,
)
from console.access import refuse_unnamed
from console.api import table
from console.desk import Desk
from console.door import Door
from console.rendering import STATIC
from records import Fault


class BrowserFilesMissing(Fault):
    """控制台缺少浏览器文件（样式与脚本），不能启动。

    The console's browser files (style and script) are missing or damaged; it cannot start.
    """

    code = "E-CONSOLE-001"
    remedy = ("请在项目目录运行 make setup。", "Run make setup in the project's folder.")


def create_app(desk: Desk) -> FastAPI:
    """The console as an ASGI application. Raises BrowserFilesMissing before `make setup` has been run."""
    check_browser_files(STATIC / "vendor")
    app = FastAPI(
        title="xunwang", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(refuse_unnamed)]
    )
    app.state.desk = desk
    errors.install(app)
    for room in (
        login,
        preferences,
        today,
        bulk,
        saved,
        second,
        review,
        leads,
        related,
        verdicts,
        dispositions,
        printing,
        grouping,
        remarks,
        browse,
        replay,
        packages,
        exports,
        stats,
        extractions,
        intake,
        people,
        audit_pages,
        setup,
        retention,
        token_pages,
        table,
    ):
        app.include_router(room.routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    # the last one added is the first one met
    app.add_middleware(Door, desk=desk)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(desk.trusted_hosts), www_redirect=False)
    return app


def check_browser_files(vendor: Path) -> None:
    """Every file of the manifest is there with the bytes that were installed; else BrowserFilesMissing."""
    try:
        manifest = json.loads((vendor / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        raise BrowserFilesMissing from None
    for name, digest in manifest.items():
        path = vendor / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise BrowserFilesMissing(name)
