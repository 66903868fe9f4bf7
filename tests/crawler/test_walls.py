"""Walls are recognised in many dresses; ordinary pages that mention 登录 raise no alarm; every end has its name."""

from datetime import UTC, datetime

import pytest

from crawler import Definition, definition, is_gone, read_cards, recognise
from records import Outcome, Page

ADS = definition("demo_ads")
GOODS = definition("demo_goods")
LOGIN, BLOCKED, FAILED = Outcome.LOGIN_REQUIRED, Outcome.BLOCKED, Outcome.FAILED
NAV = "<div class=nav><a href=/login>亲，请登录</a> <a>免费注册</a> <a>我的</a> <a>客服</a></div>"
FOOT = "<footer>关于我们 隐私政策 登录遇到问题？联系客服 版权所有 京ICP备00000000号</footer>"
CARD = '<li class="item" data-id="{n}"><a class="title" href="/item/{n}.html">{title}</a><b class="price">￥8</b></li>'


def page(body: str, *, status: int = 200, final: str = "/latest/?page=1", title: str = "最新信息 - 某站") -> Page:
    markup = body if body.startswith("{") else f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    final_url = final if final.startswith("http") else ADS.site + final
    return Page(
        url=ADS.site + "/latest/?page=1",
        final_url=final_url,
        status=status,
        body=markup.encode(),
        fetched_at=datetime.now(UTC),
    )


def cards(*titles: str) -> str:
    return "<ul id=list>" + "".join(CARD.format(n=n + 1, title=title) for n, title in enumerate(titles)) + "</ul>"


WALLS = [
    # login
    (page("<form id=login-form><input type=password>请登录后继续访问</form>", title="登录 - 某站"), LOGIN),
    (page("<p>x</p>", final="https://login.taobao.com/member/login.jhtml?redirect=x"), LOGIN),
    (page("<p>x</p>", final="https://passport.58.com/login/"), LOGIN),
    (page("<p>x</p>", final="/user/login?next=/latest"), LOGIN),
    (page(NAV + "<p>登录后才能查看更多内容</p>"), LOGIN),
    (page(NAV + "<div>您还没有登录，请先登录</div>"), LOGIN),
    (page("<form><input name=u><input type=password><button>进入</button></form>", title="某站"), LOGIN),
    (
        page(
            NAV
            + '<iframe src="https://passport.x.example/login" style="width:400px;height:300px"></iframe>'
            + "文" * 900
        ),
        LOGIN,
    ),
    (page('{"code":40101,"message":"请先登录","data":null}'), LOGIN),
    (page('{"ret":["FAIL_SYS_SESSION_EXPIRED::Session过期"],"data":{}}'), LOGIN),
    (page("unauthorized", status=401), LOGIN),
    # captcha, slider, soft blocks with status 200
    (page("<div id=captcha></div>访问过于频繁，请拖动滑块完成验证", title="安全验证"), BLOCKED),
    (page("<div id=nc_1_wrapper></div>", title="验证码拦截"), BLOCKED),
    (page("<p>请按住滑块，拖动到最右边</p>", title="某站"), BLOCKED),
    (page("<p>系统检测到您的网络环境存在异常，请稍后再试</p>"), BLOCKED),
    (page("<img src=/captcha.jpg><input>请输入图中的验证码"), BLOCKED),
    (page("<p>您的访问过于频繁，请稍后再试</p>"), BLOCKED),
    (page("<p>x</p>", final="https://s.taobao.com/search/_____tmd_____/punish?x5=1"), BLOCKED),
    (page("<p>x</p>", final="https://callback.58.com/antibot/verifycode?serialId=1"), BLOCKED),
    (page("<p>wait</p>", title="Just a moment..."), BLOCKED),
    (page("<h1>Access Denied</h1>", title="Access Denied"), BLOCKED),
    (page("<p>访问被拒绝</p>", title="访问受限"), BLOCKED),
    (
        page(
            '{"ret":["FAIL_SYS_USER_VALIDATE","RGV587_ERROR::SM::哎哟喂,被挤爆啦"],"data":{"url":"https://x/punish"}}'
        ),
        BLOCKED,
    ),
    (page('{"code":40302,"message":"访问过于频繁，请完成安全验证","data":null}'), BLOCKED),
    (page("请求过于频繁", status=429), BLOCKED),
    (page("no", status=403), BLOCKED),
    (page("no", status=412), BLOCKED),
    # broken
    (page("服务器繁忙", status=500), FAILED),
    (page("gone", status=404), FAILED),
]


@pytest.mark.parametrize(("walled", "outcome"), WALLS, ids=range(len(WALLS)))
def test_a_wall_is_recognised(walled: Page, outcome: Outcome) -> None:
    one = GOODS if walled.body.startswith(b"{") else ADS
    said = recognise(one, walled)
    assert said is not None and said[0] is outcome and said[1]
    read = read_cards(one, walled)
    assert (read.outcome, read.note, read.listings) == (outcome, said[1], ())


LONG = "<p>" + "这是一段很普通的说明文字，讲的是家里的旧家具怎样保养。" * 60 + "</p>"
ORDINARY = [
    NAV + cards("旧书柜", "登录器 游戏用") + FOOT,
    NAV + cards("验证码识别软件", "滑块 拖动 柜门配件") + FOOT,
    NAV + cards("请先登录再看", "访问过于频繁 怎么办 图书") + FOOT,
    NAV + LONG + "<p>登录后可查看更多</p>" + FOOT,
    NAV + LONG + "<p>请先登录再发表评论</p>" + FOOT,
    NAV + LONG + "<form><input type=password></form>" + FOOT,
    NAV + LONG + "<p>如何完成安全验证：请看帮助</p>" + FOOT,
    NAV + LONG + '<div class="captcha-box" style="display:none"></div>' + FOOT,
    NAV + "<div class=ad data-id=1><h1 class=ad-title>滑块 抽屉滑轨 一对</h1><p>全新</p></div>" + FOOT,
    NAV + "<div class=ad data-id=2><h1 class=ad-title>门禁卡 登录卡</h1><p>自提</p></div>" + FOOT,
    NAV + "<div class=ad data-id=3><h1 class=ad-title>验证码短信猫</h1><p>议价</p></div>" + FOOT,
    NAV + "<div class=none>没有找到与“象牙”相关的信息</div>" + FOOT,
    NAV + "<div class=none>没有更多信息了</div>" + FOOT,
    NAV + '<iframe src="https://login.x.example/" style="display:none"></iframe><p>正文</p>' + FOOT,
    NAV + '<iframe src="https://login.x.example/sso" style="width:1px;height:1px"></iframe><p>正文</p>' + FOOT,
    NAV + '<iframe src="https://login.x.example/sso"></iframe><p>正文</p>' + FOOT,
    "<script>var msg='请先登录 访问过于频繁 滑块验证';</script>" + NAV + "<p>正文</p>" + FOOT,
    "<noscript>请登录后继续访问</noscript>" + NAV + "<p>正文</p>" + FOOT,
    '<div style="display:none">请拖动滑块完成验证</div>' + NAV + "<p>正文</p>" + FOOT,
    NAV + "<p>本站支持手机号一键登录，注册即送优惠券</p>" + FOOT,
    '{"code":0,"message":"ok","data":{"items":[]}}',
    '{"ret":["SUCCESS::调用成功"],"data":{"showLoginGuideBar":false}}',
]


@pytest.mark.parametrize("body", ORDINARY, ids=range(len(ORDINARY)))
def test_an_ordinary_page_that_mentions_login_raises_no_alarm(body: str) -> None:
    assert recognise(GOODS if body.startswith("{") else ADS, page(body)) is None


@pytest.mark.parametrize(
    "title",
    ["登录器使用教程 - 某站", "如何登录 - 某站", "安全验证器 二手 - 某站", "滑块 - 某站", "验证码短信猫 - 某站"],
)
def test_a_title_about_login_is_no_login_page(title: str) -> None:
    assert recognise(ADS, page(NAV + "<p>正文</p>", title=title)) is None


def test_cards_are_read_even_under_a_login_frame() -> None:
    read = read_cards(ADS, page(cards("书柜") + '<iframe src="https://login.x.example/" style="width:400px"></iframe>'))
    assert len(read.listings) == 1 and read.outcome is None


@pytest.mark.parametrize(
    ("body", "outcome", "said"),
    [
        (NAV + "<div>没有找到与“象牙”相关的信息</div>" + FOOT, Outcome.EMPTY, "没有找到"),
        (NAV + "<p>抱歉，暂无相关商品</p>", Outcome.EMPTY, "暂无"),
        ("<p>共找到 0 件商品</p>", Outcome.EMPTY, "0"),
        (NAV + LONG + "<p>没有找到您要的商品</p>", Outcome.DRIFTED, ""),
        (NAV + "<ul class=renamed><li>书柜</li><li>书桌</li></ul>", Outcome.DRIFTED, ""),
        (cards("").replace("/item/1.html", ""), Outcome.DRIFTED, "1 张卡片"),
        ("<div id=app></div><script src=/app.js></script>", Outcome.DRIFTED, "空壳"),
        ("", Outcome.DRIFTED, ""),
    ],
)
def test_a_page_without_cards_has_a_named_end(body: str, outcome: Outcome, said: str) -> None:
    read = read_cards(ADS, page(body))
    assert read.outcome is outcome and said in read.note and read.note


def test_an_empty_list_of_an_answer_is_empty_and_a_missing_one_has_drifted() -> None:
    assert read_cards(GOODS, page('{"code":0,"data":{"items":[],"hasMore":false}}')).outcome is Outcome.EMPTY
    assert read_cards(GOODS, page('{"code":0,"data":{"goods":[]}}')).outcome is Outcome.DRIFTED


def own(**facts: str) -> Definition:
    return Definition.model_validate({**ADS.model_dump(), **facts})


def test_a_definition_names_its_own_signs() -> None:
    body = page(NAV + "<div class=oops>x</div>" + LONG)
    assert read_cards(own(empty="css:.oops"), body).outcome is Outcome.EMPTY
    assert read_cards(own(login="css:.oops"), body).outcome is LOGIN
    assert read_cards(own(blocked="re:(oops)"), body).outcome is BLOCKED
    assert is_gone(own(gone="css:.oops"), body) and not is_gone(ADS, body)


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (page("x", status=404), True),
        (page("x", status=410), True),
        (page("<h1>该商品已下架</h1>"), True),
        (page("<p>信息不存在或已删除</p>"), True),
        (page("<p>抱歉，宝贝已被卖家删除</p>"), True),
        (page("x" * 2000, title="商品不存在 - 某站"), True),
        (page('{"code":40401,"message":"宝贝不存在或已下架","data":null}'), True),
        (page("<div class=ad data-id=1><h1 class=ad-title>书柜</h1></div>" + LONG + "看中请速拍，下架不补"), False),
        (page(cards("下架图书清仓", "已删除好友恢复")), False),
        (page('{"code":0,"message":"ok","data":{"item":{"id":"1"}}}'), False),
    ],
)
def test_gone(gone: Page, expected: bool) -> None:
    assert is_gone(GOODS if gone.body.startswith(b"{") else ADS, gone) is expected
