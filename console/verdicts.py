"""证照核验 and 核查结论: the form in which a person says what was found out about a lead, and what follows from it."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Concluder, RowId, TheDesk
from console.accounts import Visitor
from console.desk import Desk
from console.evidence_check import checked
from console.language import _, told_by, word
from console.rendering import page
from console.roles import Can
from console.wording import cleaned
from db import dispositions, licences, verdicts
from db import review as leads_review
from db.engine import Connection
from db.review import LeadPage
from db.screening import LeadChanged, LeadMissing, locked
from db.verdicts import Concluding, VerdictWanting
from db.walls import transaction_as
from records import (
    UNDECIDED,
    Doubt,
    Grounds,
    Identity,
    LicenceCheck,
    LicenceFinding,
    LicenceKind,
    LicenceState,
    SubjectKind,
    Unfounded,
    Verdict,
    Violation,
    WakeOn,
    shanghai_date,
)

routes = APIRouter(prefix="/leads/{lead_id}")

#: As long as a line of a form.
LONGEST = 300
Line = Annotated[str, AfterValidator(cleaned), Field(max_length=LONGEST)]
Lines = Annotated[list[Line], Field(max_length=20)]


class LicenceForm(BaseModel):
    """The table of papers as typed in: one value a kind, in the order of LicenceKind."""

    version: int
    state: Lines = []
    number: Lines = []
    finding: Lines = []
    note: Lines = []

    def checks(self) -> list[LicenceCheck]:
        """What was typed, as records. Raises HTTPException where the table is not whole, VerdictWanting where a row
        contradicts itself."""
        if not len(self.state) == len(self.number) == len(self.finding) == len(self.note) == len(LicenceKind):
            raise HTTPException(400)
        if not set(self.state) <= set(LicenceState) or not set(self.finding) <= {"", *LicenceFinding}:
            raise HTTPException(400)
        rows = zip(LicenceKind, self.state, self.number, self.finding, self.note, strict=True)
        made = [
            LicenceCheck(
                kind=kind,
                state=LicenceState(state),
                number=number,
                finding=LicenceFinding(finding) if finding else None,
                note=note,
            )
            for kind, state, number, finding, note in rows
        ]
        for check in made:
            if check.wanting:
                raise VerdictWanting(f"{word(check.kind)}: {word(check.wanting)}")
        return made


class VerdictForm(LicenceForm):
    """The whole form as typed in."""

    to: Verdict
    subject_kind: SubjectKind = SubjectKind.SELLER
    known: Literal["yes", "no"] = "no"
    subject_name: Line = ""
    subject_code: Line = ""
    identity_basis: Line = ""
    violation: Lines = []
    citation: Lines = []
    #: A citation that the lexicon does not have.
    citation_own: Line = ""
    reason: Line = ""
    words: Line = ""
    wake: Line = ""
    wake_on: Line = ""
    change: Line = ""
    district: Line = ""


@routes.get("/licences")
def licence_form(request: Request, desk: TheDesk, visitor: Concluder, lead_id: RowId) -> Response:
    """The table of papers alone, with what is known and what the texts claim filled in."""
    return _page(request, "licences.html", _context(desk, visitor, lead_id))


@routes.post("/licences")
def keep_licences(
    request: Request, desk: TheDesk, visitor: Concluder, lead_id: RowId, given: Annotated[LicenceForm, Form()]
) -> Response:
    """Keeps what is new in the table; what stood there before stays in the history."""

    def keep(conn: Connection) -> None:
        _keep(conn, desk, visitor, lead_id, given)

    return _kept(request, desk, visitor, lead_id, given, keep)


@routes.get("/verdict")
def verdict_form(
    request: Request, desk: TheDesk, visitor: Concluder, lead_id: RowId, to: Verdict = Verdict.TRUE
) -> Response:
    """The form for one of the three verdicts."""
    return _page(request, "verdict.html", {**_context(desk, visitor, lead_id), "to": to})


@routes.post("/verdict")
def conclude(
    request: Request, desk: TheDesk, visitor: Concluder, lead_id: RowId, given: Annotated[VerdictForm, Form()]
) -> Response:
    """Writes papers and verdict in one transaction; where anything is missing or stale nothing, and the form again."""
    sound = _sound_evidence(desk, visitor, lead_id, given.to)

    def keep(conn: Connection) -> None:
        version = _keep(conn, desk, visitor, lead_id, given)
        found = _found(conn, lead_id)
        verdicts.conclude(
            conn,
            Concluding(
                lead_id=lead_id,
                version=version,
                verdict=given.to,
                grounds=_grounds(desk, found, given, sound),
                district=given.district,
                may_revise=visitor.may(Can.REVISE),
                **visitor.by(desk.now()),
            ),
        )

    return _kept(request, desk, visitor, lead_id, given, keep)


@routes.post("/verdict/undo")
def undo_verdict(desk: TheDesk, visitor: Concluder, lead_id: RowId) -> Response:
    """Z on the lead's page: the visitor's own verdict, while it stands, never was."""
    with transaction_as(desk.engine, visitor.user) as conn:
        verdicts.take_back(conn, lead_id, **visitor.by(desk.now()))
    return _to(lead_id)


# --- what the lead's page shows of it ---------------------------------------------------------------------------------


def told_of(conn: Connection, found: LeadPage) -> dict[str, Any]:
    """Verdicts and papers of a lead for its page: what stands, what was before, what the texts claim."""
    history = licences.history(conn, found.lead.id)
    newest = {check.kind: check for check in history}
    texts = [f"{hit.title}\n{hit.description}" for hit in found.hits]
    claims = licences.claims(texts)
    claims_of = {kind: [claim for claim in claims if claim.kind is kind] for kind in LicenceKind}
    given = verdicts.given(conn, found.lead.id)
    return {
        "given": given,
        "standing": next((one for one in reversed(given) if one.undone_at is None), None),
        "licences": newest,
        "licence_history": history,
        "claims": claims_of,
        "same_numbers": licences.shared(conn, found.lead.id, texts),
        "named_papers": [kind.value for kind in LicenceKind if claims_of[kind] or kind in newest],
        "entries": dispositions.entries(conn, found.lead.id),
        "VERDICTS": Verdict,
        "LicenceKind": LicenceKind,
    }


# --- the form ---------------------------------------------------------------------------------------------------------


def _context(desk: Desk, visitor: Visitor, lead_id: int) -> dict[str, Any]:
    with transaction_as(desk.engine, visitor.user) as conn:
        found = _found(conn, lead_id)
        context = {"found": found, **told_of(conn, found), "places": verdicts.places(conn)}
    return {
        **context,
        "checks": checked(desk.store, found.hits),
        "law": _law(desk, found),
        "entered": None,
        "refusal": "",
        "states": LicenceState,
        "findings": LicenceFinding,
        "subjects": SubjectKind,
        "violations": Violation,
        "reasons": {Verdict.FALSE: Unfounded, Verdict.DOUBT: Doubt},
        "wakes": WakeOn,
        "suggest": _suggest(context),
        "undecided": found.lead.district == UNDECIDED and not visitor.user.limited,
    }


def _suggest(context: dict[str, Any]) -> dict[LicenceKind, LicenceCheck]:
    """What each line of the table begins with: what a person said last, else what the texts claim."""

    def read(kind: LicenceKind) -> LicenceCheck:
        said = context["claims"][kind]
        number = next((claim.number for claim in said if claim.number), "")
        state = LicenceState.NUMBERED if number else LicenceState.CLAIMED if said else LicenceState.SILENT
        return LicenceCheck(kind=kind, state=state, number=number)

    return {kind: context["licences"].get(kind) or read(kind) for kind in LicenceKind}


def _kept(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    lead_id: int,
    given: LicenceForm,
    keep: Callable[[Connection], None],
) -> Response:
    """Back to the lead where `keep` could write; else the form with all that was typed and the reason."""
    try:
        with transaction_as(desk.engine, visitor.user) as conn:
            locked(conn, lead_id)  # whoever may not see the lead is not told what is wrong with the form
            keep(conn)
    except (VerdictWanting, LeadChanged) as refusal:
        told = {"refusal": " ".join(told_by(refusal)), "stale": isinstance(refusal, LeadChanged)}
        context = _context(desk, visitor, lead_id) | {"entered": given} | told
        if isinstance(given, VerdictForm):
            return _page(request, "verdict.html", context | {"to": given.to}, status=409 if told["stale"] else 400)
        return _page(request, "licences.html", context, status=409 if told["stale"] else 400)
    return _to(lead_id)


def _keep(conn: Connection, desk: Desk, visitor: Visitor, lead_id: int, given: LicenceForm) -> int:
    return licences.keep(conn, lead_id, given.checks(), version=given.version, **visitor.by(desk.now()))


def _grounds(desk: Desk, found: LeadPage, given: VerdictForm, sound: tuple[str, ...]) -> Grounds:
    """What was typed, as a record. Raises VerdictWanting for a date that is none; 400 for what no form offers."""
    true = given.to is Verdict.TRUE
    if not set(given.violation) <= set(Violation) or not set(given.wake and [given.wake]) <= set(WakeOn):
        raise HTTPException(400)
    if not set(given.citation) <= set(_law(desk, found)):
        raise HTTPException(400)
    own = [given.citation_own] if given.citation_own else []
    return Grounds(
        identity=Identity(
            kind=given.subject_kind,
            known=given.known == "yes",
            name=given.subject_name,
            code=given.subject_code.upper(),
            basis=given.identity_basis,
        ),
        violations=tuple(Violation(one) for one in given.violation) if true else (),
        citations=(*given.citation, *own) if true else (),
        evidence=sound if true else (),
        reason="" if true else given.reason,
        note=given.words,
        wake=WakeOn(given.wake) if given.to is Verdict.DOUBT and given.wake else None,
        wake_on=_day(given.wake_on) if given.to is Verdict.DOUBT else None,
        change=given.change,
    )


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise VerdictWanting(_("日期要写成 2026-11-23 这样")) from None


def _law(desk: Desk, found: LeadPage) -> list[str]:
    """Citations for every category of the lead's hits, valid on the day that it was first seen."""
    day = shanghai_date(found.lead.first_seen)
    keys = [found.lead.category, *(hit.category for hit in found.hits)]
    return list(dict.fromkeys(text for key in dict.fromkeys(keys) for text in desk.law(key, day)))


def _sound_evidence(desk: Desk, visitor: Visitor, lead_id: int, to: Verdict) -> tuple[str, ...]:
    """Sha256 of the lead's files that are what they were; none at all where one of them is not."""
    if to is not Verdict.TRUE:
        return ()
    with transaction_as(desk.engine, visitor.user) as conn:
        hits = _found(conn, lead_id).hits
    checks = checked(desk.store, hits)
    return () if False in checks.values() else tuple(checks)


def _found(conn: Connection, lead_id: int) -> LeadPage:
    found = leads_review.lead_page(conn, lead_id)
    if found is None:
        raise LeadMissing
    return found


def _page(request: Request, template: str, context: dict[str, Any], *, status: int = 200) -> Response:
    return HTMLResponse(page(request, template, {"stale": False, **context}), status_code=status)


def _to(lead_id: int) -> Response:
    return RedirectResponse(f"/leads/{lead_id}#verdict", status_code=303)
