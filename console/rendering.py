"""Templates and what they may call."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request

from console import language, reasons, wording
from console.highlight import Marked, marked
from console.keys import printed, told_to_browser
from console.language import LANGUAGES
from console.roles import Can
from console.veil import lifted, veil
from db.timeline import NOTE
from records import ELSEWHERE, DismissReason, LeadState, ListingState, Match, Screening

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"


@cache
def environment() -> Environment:
    """The one template environment: everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    # the extension brings this method and no type for it
    install: Any = made.install_gettext_callables  # type: ignore[attr-defined]
    install(language.gettext, language.ngettext, newstyle=True)
    for name in ("gettext", "ngettext"):
        made.globals[name] = _filled(cast(Callable[..., str], made.globals[name]))
    made.globals.update(key=key, token=token, told_to_browser=told_to_browser)
    made.globals.update(
        asset=asset, marked=_marked, lifted=lifted, ListingState=ListingState, Can=Can, LANGUAGES=LANGUAGES
    )
    made.globals.update(DismissReason=DismissReason, LeadState=LeadState, Screening=Screening)
    made.globals.update(ELSEWHERE=ELSEWHERE, NOTE=NOTE, WHY_LONGEST=reasons.LONGEST)
    made.filters.update(wording.FILTERS)
    return made


def _filled(said: Callable[..., str]) -> Callable[..., str]:
    """A function of the extension whose sentences are filled as the language writes numbers and dates."""

    @pass_context
    def filled(context: Context, *texts: object, **values: object) -> str:
        return said(context, *texts, **language.told_values(values))

    return filled


@pass_context
def key(context: Context, usual: str) -> Markup:
    """The key that the visitor has for the one that is usually `usual`, as a cap; nothing where there is none."""
    visitor = context.get("visitor")
    cap = printed(visitor.user if visitor else None, usual)
    return Markup("<kbd>{}</kbd>").format(cap) if cap else Markup("")


@pass_context
def token(context: Context) -> Markup:
    """The hidden field without which a form of a signed-in person is refused."""
    known = context["visitor"].session.csrf_token
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(known)


def _marked(title: str, description: str, matches: Iterable[Match]) -> Marked:
    """As the page may show them: masking keeps the length, so the matches still stand where they were found."""
    return marked(veil(title), veil(description), matches)


@cache
def asset(name: str) -> str:
    """Address of a static file, with its content's hash so that a new one is fetched at once."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]
    return f"/static/{name}?v={digest}"


def page(request: Request, template: str, context: Mapping[str, Any]) -> str:
    """The template as HTML; every template knows `desk`, `visitor`, `path`, `now` and `spoken`."""
    desk = request.app.state.desk
    common = {
        "desk": desk,
        "office": desk.office_now,
        "visitor": getattr(request.state, "visitor", None),
        "path": request.url.path,
        "now": desk.now(),
        "spoken": language.spoken(),
        "browser_words": language.browser_words(),
    }
    return environment().get_template(template).render({**common, **context})
