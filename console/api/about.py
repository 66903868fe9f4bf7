"""What a program asks about the API itself: who it is here, what words the answers use, how everything is called."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from console.access import TheDesk
from console.api.asks import AnyCaller
from console.api.reference import described
from console.api.shapes import Moment, said
from console.language import N_, recorded
from console.roles import ROLE_NAMES
from console.tokens import Scope
from console.views import SORT_NAMES
from console.wording import LEVELS
from db import campaigns
from db.walls import transaction_as
from records import DismissReason, LeadState, Outcome, Screening, Source

routes = APIRouter(tags=[N_("接口本身")])


class Me(BaseModel):
    """Account and token."""

    account: str = said(N_("账号"), "wang")
    full_name: str = said(N_("姓名"), recorded("王某"))
    role: str = said(N_("角色"), "inspector")
    role_name: str = said(N_("角色名称"), recorded("核查员"))
    district: str = said(N_("限定的辖区；全市的为空"), recorded("滕州市"))
    token: str = said(N_("令牌名称"), recorded("夜间取数"))
    scopes: list[str] = said(N_("令牌现在可用的权限"), ["read"])
    expires_at: Moment = said(N_("令牌到期时间"), "2027-02-27T08:31:00+08:00")


class Vocabulary(BaseModel):
    """What the values of filters and answers may be."""

    states: list[str] = said(N_("线索状态"), [recorded("疑似"), recorded("核查中")])
    actions: list[str] = said(N_("初筛的操作"), [recorded("转核查"), recorded("排除"), recorded("待研判")])
    reasons: list[str] = said(N_("排除的原因"), [recorded("仿制品或材质不符")])
    sources: list[str] = said(N_("线索来源"), [recorded("投诉举报")])
    districts: list[str] = said(N_("辖区"), [recorded("滕州市")])
    levels: dict[str, str] = said(N_("级别及其中文"), {"high": recorded("高风险")})
    sorts: dict[str, str] = said(N_("排序及其中文；空的为默认"), {"new": recorded("新发现的在前")})
    platforms: dict[str, str] = said(N_("平台代号及其名称"), {"demo_ads": recorded("演示分类信息")})
    categories: dict[str, str] = said(N_("类别代号及其名称"), {"ivory": recorded("象牙")})
    outcomes: dict[str, str] = said(N_("检索任务的结果及其中文"), {"searched": recorded("已检索")})


@routes.get("/me", summary=N_("本令牌"), description=N_("令牌属于谁，现在可以做什么，何时到期。"))
def me(caller: AnyCaller) -> Me:
    """Who is asking."""
    user, token = caller.user, caller.token
    return Me(
        account=user.name,
        full_name=user.full_name,
        role=user.role,
        role_name=ROLE_NAMES.get(user.role, user.role),
        district=user.district_name,
        token=token.name,
        scopes=[str(scope) for scope in Scope if caller.holds(scope)],
        expires_at=token.expires_at,
    )


@routes.get("/vocabulary", summary=N_("用语"), description=N_("筛选条件和回答中各项的可能取值。"))
def vocabulary(desk: TheDesk, caller: AnyCaller) -> Vocabulary:
    """Every word that a filter takes."""
    with transaction_as(desk.engine, caller.user) as conn:
        districts = list(campaigns.district_names(conn))
    return Vocabulary(
        states=[state.value for state in LeadState],
        actions=[action.value for action in Screening],
        reasons=[reason.value for reason in DismissReason],
        sources=[source.value for source in Source],
        districts=districts,
        levels=dict(LEVELS),
        sorts=dict(SORT_NAMES),
        platforms=dict(desk.platforms),
        categories=dict(desk.categories),
        outcomes={outcome.value: outcome.label for outcome in Outcome},
    )


@routes.get(
    "/openapi.json",
    summary=N_("接口说明（OpenAPI 3.1）"),
    description=N_("全部接口的机器可读说明；Accept-Language: en 得到英文。"),
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}},
)
def openapi(request: Request, caller: AnyCaller) -> Response:
    """The description of everything."""
    del caller
    return JSONResponse(described(request.app))
