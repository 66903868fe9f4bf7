"""What a route may ask of the door: who is there, and may they. A route that asks nothing is answered to nobody."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Request

from console.accounts import Visitor
from console.desk import Desk
from console.language import _, word
from console.roles import Can, NotPermitted, holders, is_public


@dataclass(frozen=True, slots=True)
class Names:
    """What a dependency asks of whoever comes."""

    can: Can

    def not_permitted(self) -> NotPermitted:
        """Says which capability is missing, and who has it."""
        named = _("、").join(word(holder) for holder in holders(self.can))
        return NotPermitted(_("需要“%(can)s”的权限（%(holders)s）", can=word(self.can), holders=named))


@dataclass(frozen=True, slots=True)
class Asks(Names):
    """A dependency that gives the person the door let in, when they have the capability."""

    def __call__(self, request: Request) -> Visitor:
        """Raises NotPermitted; 401 where the door let nobody in (a public page)."""
        visitor: Visitor | None = request.state.visitor
        if visitor is None:
            raise HTTPException(401)
        if not visitor.may(self.can):
            raise self.not_permitted()
        return visitor


def desk_of(request: Request) -> Desk:
    """The desk that the application was made with."""
    desk: Desk = request.app.state.desk
    return desk


def asked_by(route: Any) -> Can | None:
    """The capability that a route names; None where it names none."""
    found = [one.call.can for one in route.dependant.dependencies if isinstance(one.call, Names)]
    return found[0] if found else None


def refuse_unnamed(request: Request) -> None:
    """On every route: nobody gets an answer from one that is neither public nor names what it asks."""
    route = request.scope["route"]
    if not is_public(route.path) and asked_by(route) is None:
        raise NotPermitted


#: What addresses a row; a number that no row can have is an address that is not there.
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
TheDesk = Annotated[Desk, Depends(desk_of)]
SignedIn = Annotated[Visitor, Depends(Asks(Can.SIGN_IN))]
Reader = Annotated[Visitor, Depends(Asks(Can.LEADS))]
EvidenceReader = Annotated[Visitor, Depends(Asks(Can.EVIDENCE))]
FiguresReader = Annotated[Visitor, Depends(Asks(Can.FIGURES))]
Unmasker = Annotated[Visitor, Depends(Asks(Can.UNMASK))]
Screener = Annotated[Visitor, Depends(Asks(Can.SCREEN))]
Concluder = Annotated[Visitor, Depends(Asks(Can.CONCLUDE))]
Overseer = Annotated[Visitor, Depends(Asks(Can.OVERSEE))]
Binder = Annotated[Visitor, Depends(Asks(Can.BIND))]
Bringer = Annotated[Visitor, Depends(Asks(Can.INTAKE))]
ScanReader = Annotated[Visitor, Depends(Asks(Can.SCANS))]
Keeper = Annotated[Visitor, Depends(Asks(Can.RETENTION))]
Holder = Annotated[Visitor, Depends(Asks(Can.HOLD))]
Founder = Annotated[Visitor, Depends(Asks(Can.SET_UP))]
Auditor = Annotated[Visitor, Depends(Asks(Can.AUDIT))]
Registrar = Annotated[Visitor, Depends(Asks(Can.ACCOUNTS))]
