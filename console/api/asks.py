"""What a route of the API wants of who calls: a capability of the account, and a scope of the token."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.exceptions import RequestValidationError

from console.access import Names
from console.api.problems import ScopeWanting
from console.roles import Can
from console.tokens import Caller, Scope


@dataclass(frozen=True, slots=True)
class Calls(Names):
    """A dependency that gives the caller whom the gate let in, when account and token go as far."""

    scope: Scope

    def __call__(self, request: Request) -> Caller:
        """Raises NotPermitted, ScopeWanting; 401 where the gate let nobody in."""
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            raise HTTPException(401)
        if not caller.may(self.can):
            raise self.not_permitted()
        if not caller.holds(self.scope):
            raise ScopeWanting(self.scope)
        return caller


def asks_of(route: Any) -> Calls:
    """What a route of the API names."""
    found: Calls = next(one.call for one in route.dependant.dependencies if isinstance(one.call, Calls))
    return found


def refuse_strange(request: Request) -> None:
    """A parameter that the route does not know, or one given twice, is refused: a misspelt filter lets all through."""
    known, seen = set(_parameters(request.scope["route"].dependant)), set()
    wrong: list[dict[str, Any]] = []
    for name, _value in request.query_params.multi_items():
        if name not in known or name in seen:
            wrong.append({"type": "extra_forbidden", "loc": ("query", name), "msg": "", "input": None})
        seen.add(name)
    if wrong:
        raise RequestValidationError(wrong)


def _parameters(dependant: Any) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


#: Whose account and token are good, whatever the role.
AnyCaller = Annotated[Caller, Depends(Calls(Can.SIGN_IN, Scope.READ))]
LeadCaller = Annotated[Caller, Depends(Calls(Can.LEADS, Scope.READ))]
ScanCaller = Annotated[Caller, Depends(Calls(Can.SCANS, Scope.READ))]
EvidenceCaller = Annotated[Caller, Depends(Calls(Can.EVIDENCE, Scope.EVIDENCE))]
ScreenCaller = Annotated[Caller, Depends(Calls(Can.SCREEN, Scope.SCREEN))]
IntakeCaller = Annotated[Caller, Depends(Calls(Can.INTAKE, Scope.INTAKE))]
ExportCaller = Annotated[Caller, Depends(Calls(Can.SCREEN, Scope.EXPORT))]
UnmaskCaller = Annotated[Caller, Depends(Calls(Can.UNMASK, Scope.UNMASK))]
