"""新增线索: what people bring in by hand."""

from typing import Annotated

from fastapi import APIRouter, File, Form, HTTPException, Request, UploadFile
from starlette.responses import HTMLResponse, Response

from console.access import Bringer, TheDesk
from console.accounts import Visitor
from console.desk import Desk, Submission
from console.language import _, told_by
from console.leads import picture_type
from console.rendering import page
from console.tokens import Caller
from records import Fault, Source

routes = APIRouter()

#: What a person may bring in; the patrol brings its own.
SOURCES = tuple(source for source in Source if source is not Source.PATROL)
_PAGE_ENDINGS = (".html", ".htm", ".mhtml", ".mht", ".json", ".txt")


class SubmissionRefused(Fault):
    """提交的内容不能用。

    What was handed in cannot be used.
    """

    code = "E-CONSOLE-030"
    remedy = (
        "请至少填写链接或分享文字，或上传截图（PNG、JPEG、WebP）、已保存的网页（HTML、MHTML、JSON）中的一项。",
        "Give a link or share text, a screenshot (PNG, JPEG, WebP) or a saved page (HTML, MHTML, JSON).",
    )


#: What may be handed in, by a person or a program: a link or a shared text, a word on it, a file.
Brought = Annotated[str, Form(max_length=8000)]
Remark = Annotated[str, Form(max_length=2000)]
Upload = Annotated[UploadFile | None, File()]


@routes.get("/intake")
def intake_form(request: Request, visitor: Bringer) -> Response:
    """The empty form."""
    del visitor
    return _form(request)


@routes.post("/intake")
def intake(
    request: Request,
    desk: TheDesk,
    visitor: Bringer,
    source: Annotated[Source, Form()],
    text: Brought = "",
    note: Remark = "",
    screenshot: Upload = None,
    saved_page: Upload = None,
) -> Response:
    """Hand the submission to the same path that the patrol's listings take; then show what became of it."""
    entered = {"text": text, "note": note, "source": source}
    try:
        lead_ids = handed_in(desk, visitor, source, text, note, screenshot, saved_page)
    except Fault as refusal:
        told = " ".join(told_by(refusal))
        return _form(request, entered=entered, refusal=told, status=400)
    return _form(request, lead_ids=lead_ids)


def handed_in(
    desk: Desk,
    visitor: Visitor | Caller,
    source: Source,
    text: str,
    note: str,
    screenshot: UploadFile | None,
    saved_page: UploadFile | None,
) -> list[int]:
    """Takes in what a person or a program brings; the leads that it is part of now.

    Raises SubmissionRefused and what `desk.intake` raises; 400 for a source that is the patrol's own.
    """
    if source not in SOURCES:
        raise HTTPException(400)
    submission = Submission(
        text=text.strip(),
        screenshot=_screenshot(screenshot),
        page=_saved_page(saved_page),
        page_name=saved_page.filename or "" if saved_page else "",
        source=source,
        note=note.strip(),
        brought_by=visitor.actor,
    )
    if not (submission.text or submission.screenshot or submission.page):
        raise SubmissionRefused
    return desk.intake(submission)


def _form(
    request: Request,
    *,
    entered: dict[str, str] | None = None,
    refusal: str = "",
    lead_ids: list[int] | None = None,
    status: int = 200,
) -> Response:
    context = {
        "entered": entered or {"text": "", "note": "", "source": ""},
        "refusal": refusal,
        "lead_ids": lead_ids,
        "sources": SOURCES,
    }
    return HTMLResponse(page(request, "intake.html", context), status_code=status)


def _screenshot(upload: UploadFile | None) -> bytes | None:
    body = upload.file.read() if upload is not None and upload.filename else b""
    if not body:
        return None
    if not any(picture_type(kind, body) for kind in ("image/png", "image/jpeg", "image/webp")):
        raise SubmissionRefused(_("截图不是 PNG、JPEG 或 WebP 图片"))
    return body


def _saved_page(upload: UploadFile | None) -> bytes | None:
    if upload is None or not upload.filename:
        return None
    if not upload.filename.lower().endswith(_PAGE_ENDINGS):
        raise SubmissionRefused(_("网页文件的类型不支持"))
    return upload.file.read() or None
