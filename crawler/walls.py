"""Pages that are not what was asked for: login, captcha, soft blocks with status 200, gone goods, empty results.

A wall is recognised, never climbed. Strong signs (status, address, title, a visible login frame, a captcha's own
elements, codes of a JSON answer) are enough by themselves; words count only on pages with hardly anything else on
them, because every ordinary page says 登录 somewhere.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from crawler.definition import Definition
from crawler.documents import Document
from crawler.selectors import Selector
from records import Outcome, Page

Wall = tuple[Outcome, str]

_STATUSES = {
    401: Outcome.LOGIN_REQUIRED, 402: Outcome.BLOCKED, 403: Outcome.BLOCKED, 405: Outcome.BLOCKED,
    407: Outcome.BLOCKED, 412: Outcome.BLOCKED, 418: Outcome.BLOCKED, 429: Outcome.BLOCKED, 451: Outcome.BLOCKED,
    999: Outcome.BLOCKED,
}  # fmt: skip


def _any(*cases: str) -> re.Pattern[str]:
    return re.compile("|".join(cases), re.IGNORECASE)


#: Asked of the host and of the path, one after the other.
_LOGIN_ADDRESS = _any(
    r"^(?:login|passport|signin|sso|account|accounts|auth)\.",
    r"/(?:[\w-]*login|signin|sign-in|passport|sso)(?:[/.?]|$)",
)
_BLOCK_ADDRESS = _any(
    r"_____tmd_____|/punish|captcha|antibot|anti-?spider",  # Alibaba's and everybody's
    r"/verify(?:[/.?_-]|$)|/(?:sec|safe)_?verify|/403\.",
    r"^(?:captcha|verify|callback)\.",  # callback.58.com is the place of its slider
)
#: Asked of the first part of the title, before the name of the site.
_LOGIN_TITLE = _any(
    r"^(?:用户|会员|账号|帐号|账户|扫码|快捷|统一|安全)?(?:登录|登陆|登入)(?:页面?|中心)?$",
    r"^(?:log|sign) ?in$",
    r"^请先?(?:登录|登陆)$",
)
_BLOCK_TITLE = _any(
    r"^(?:安全|访问|人机|滑块|滑动|身份|用户|图形)?(?:验证码?|校验)(?:中心|页面?|中|拦截|提示)?$",
    r"^(?:您的)?访问(?:受限|异常|过于频繁|被拒绝|被阻断|被拦截|限制)",
    r"^(?:403|429)\b",
    r"^(?:access denied|just a moment|attention required|forbidden|too many requests|robot check)",
)
_CAPTCHA_ELEMENTS = " | ".join(
    (
        "//*[@id='captcha' or @id='slider-verify' or contains(@id,'nocaptcha') or contains(@id,'nc_1_')]",
        "//*[contains(@id,'tcaptcha') or contains(@class,'nc-container') or contains(@class,'captcha-box')]",
        "//*[contains(@class,'geetest_') or contains(@class,'verify-wrap') or contains(@class,'yidun')]",
        "//iframe[contains(@src,'captcha') or contains(@src,'punish') or contains(@src,'geetest')]",
        "//img[contains(@src,'captcha') or contains(@src,'verifycode') or contains(@src,'checkcode')]",
    )
)
_BLOCK_WORDS = _any(
    r"(?:拖动|拖拽|滑动|按住|向右滑?拖?动?).{0,6}(?:滑块|验证|拼图)",
    r"请?完成.{0,6}(?:安全|人机|滑块|滑动|身份)?验证",
    r"(?:访问|请求|操作|刷新|搜索|点击)(?:次数)?(?:过于|太过?|过)(?:频繁|快|多)",
    r"(?:网络环境|访问|请求|流量|账号|IP).{0,6}异常|异常(?:流量|访问|请求|操作)",
    r"请输入.{0,6}验证码",
    r"访问.{0,4}(?:被|已被|受)(?:拒绝|阻断|拦截|限制|禁止)|被(?:挤爆|拦截)",
    r"(?:您|你)的(?:IP|访问|操作).{0,12}(?:限制|封禁|异常)",
    r"verify (?:that )?you are (?:a )?human|unusual traffic|access denied|request blocked|too many requests",
)
_LOGIN_WORDS = _any(
    r"(?:请先?|需要?|必须)先?(?:登录|登陆)(?:后|才|以|方|再|账号|帐号|查看|继续)",
    r"(?:登录|登陆)(?:后|之后|即可|才能|方可|以)(?:才能|方可|即可|可)?(?:查看|访问|浏览|继续|搜索|使用|看)",
    r"请先(?:登录|登陆)|(?:没有|未|没)(?:登录|登陆)",
    r"(?:登录|登陆)(?:状态|信息|会话)?已?(?:失效|过期|超时)",
    r"please (?:log|sign) ?in",
)
#: Asked of the codes and messages of a JSON answer.
_LOGIN_CODES = _any(r"SESSION_EXPIRED|NEED_?LOGIN|NOT_?LOGIN|LOGIN_REQUIRED|UNAUTHORIZED", r"\b4010\d\b")
_BLOCK_CODES = _any(
    r"USER_VALIDATE|RGV587|TRAFFIC_LIMIT|ANTI_?SPIDER|ILLEGAL_ACCESS|CAPTCHA|FORBIDDEN", r"\b403\d\d\b|\b429\b"
)
_GOODS = r"(?:商品|宝贝|结果|信息|内容|图书|书籍|帖子|藏品|物品|拍品|数据)"
_EMPTY_WORDS = _any(
    rf"(?:没有|没|未|没能|暂未|未能)(?:找到|搜索到|搜到|查到|检索到|发现).{{0,40}}?(?:{_GOODS}|匹配|相关|”|的)",
    rf"(?:暂无|没有|无)(?:相关|更多|符合|匹配|任何)?.{{0,8}}?{_GOODS}(?:了|$|[，。！,.!\s])",
    r"搜索结果为空|共(?:找到)?\s*0\s*(?:件|个|条)",
    r"no results (?:found|for)|did not match any",
)
_GONE_WORDS = _any(
    rf"(?:{_GOODS}|页面|房源|链接)(?:已经|已|可能已|不|可能)?被?(?:卖家)?(?:下架|不存在|存在|删除|失效|过期|售罄|卖掉|卖出|转移)",
    rf"(?:已|被)(?:下架|删除).{{0,6}}{_GOODS}",
    rf"(?:找不到|没有找到|不存在).{{0,8}}(?:页面|{_GOODS})",
)
_SHORT = 600
_EMPTY_SHELL = 80
#: How the note on a page begins that holds nothing until its scripts have run.
SHELL = "空壳页面"
#: Where the frameworks of today put what they build.
_MOUNTS = "//*[@id='app' or @id='root' or @id='__next' or @id='__nuxt' or @id='main-app'][not(normalize-space())]"


def recognise(definition: Definition, page: Page) -> Wall | None:
    """The wall that stands in the place of `page`, with one Chinese sentence; None when none is seen.

    For pages on which nothing could be read: LOGIN_REQUIRED, BLOCKED, or FAILED for other statuses from 400.
    """
    return judge_wall(definition, Document(page=page, state=definition.state))


def is_gone(definition: Definition, page: Page) -> bool:
    """True when `page` says that the item was taken down, sold, deleted or never was."""
    if page.status in (404, 410):
        return True
    document = Document(page=page, state=definition.state)
    if definition.signs["gone"] and _shows(definition.signs["gone"], document):
        return True
    if document.tree is None:
        return any(_GONE_WORDS.search(message) for message in _messages(document.data))
    title, text = _title(document), document.visible_text()
    return bool(_GONE_WORDS.search(title) or (len(text) < _SHORT and _GONE_WORDS.search(text)))


def is_shell(definition: Definition, page: Page) -> bool:
    """True when `page` holds nothing to read until its scripts have run."""
    document = Document(page=page, state=definition.state)
    return _is_shell(document, document.visible_text())


def judge_wall(definition: Definition, document: Document) -> Wall | None:
    """`recognise` for a document already taken apart."""
    wall = _strong(definition, document)
    # words may be anybody's on a page that shows what was asked for
    return wall or (None if _shows_goods(definition, document) else _weak(document))


def judge_empty(definition: Definition, document: Document, *, rows: int, answered: bool) -> Wall:
    """The end that a list page without a readable card means. `answered`: the page has the list, and it is empty.

    `rows` is the number of cards that stood there and could not be read.
    """
    wall = _strong(definition, document)
    if wall is not None:
        return wall
    if rows:
        return Outcome.DRIFTED, f"页面上有 {rows} 张卡片，但一张也读不出标题、链接或编号"
    if definition.signs["empty"] and _shows(definition.signs["empty"], document):
        return Outcome.EMPTY, "平台提示没有结果"
    wall = _weak(document)
    if wall is not None:
        return wall
    if answered:
        return Outcome.EMPTY, "平台返回的列表为空"
    text = document.visible_text()
    # on a long page the words may be anybody's: a page whose cards have drifted is full of them
    said = _EMPTY_WORDS.search(text) if len(text) < 2 * _SHORT else None
    if said:
        return Outcome.EMPTY, f"平台提示“{said[0][:40]}”"
    if _is_shell(document, text):
        return Outcome.DRIFTED, f"{SHELL}：内容要由脚本载入"
    return Outcome.DRIFTED, "页面上没有读出商品，也没有认得的提示"


def _strong(definition: Definition, document: Document) -> Wall | None:
    page = document.page
    if page.status in _STATUSES:
        return _STATUSES[page.status], f"HTTP {page.status}"
    if page.status >= 400:
        return Outcome.FAILED, f"HTTP {page.status}"
    if 300 <= page.status < 400:
        return Outcome.FAILED, f"跳转到不访问的地址（HTTP {page.status}）"
    for key, outcome, note in (
        ("login", Outcome.LOGIN_REQUIRED, "页面要求登录"),
        ("blocked", Outcome.BLOCKED, "页面要求验证"),
    ):
        if definition.signs[key] and _shows(definition.signs[key], document):
            return outcome, note
    return _by_address(page) or (_by_markup(document) if document.tree is not None else _by_answer(document.data))


def _by_address(page: Page) -> Wall | None:
    where = urlsplit(page.final_url)
    for subject in (where.netloc, where.path):
        if _BLOCK_ADDRESS.search(subject):
            return Outcome.BLOCKED, f"转到了验证页 {where.netloc}{where.path[:60]}"
        if _LOGIN_ADDRESS.search(subject):
            return Outcome.LOGIN_REQUIRED, f"转到了登录页 {where.netloc}{where.path[:60]}"
    return None


def _by_markup(document: Document) -> Wall | None:
    head = re.split(r"\s*[-_|–—·]\s*", _title(document))[0].strip(" .。!！…")
    if _BLOCK_TITLE.search(head):
        return Outcome.BLOCKED, f"页面标题是“{head[:40]}”"
    if _LOGIN_TITLE.search(head):
        return Outcome.LOGIN_REQUIRED, f"页面标题是“{head[:40]}”"
    if source := next(_login_frames(document.tree), ""):
        return Outcome.LOGIN_REQUIRED, f"页面上盖着登录框 {source[:60]}"
    return None


def _login_frames(tree: Any) -> Iterator[str]:
    """Sources of visible frames that show somebody's login page over the content."""
    for frame in tree.xpath("//iframe[@src]"):
        style = (frame.get("style") or "").replace(" ", "").lower()
        size = re.search(r"(?:^|;)width:(\d+)px", style)
        hidden = "display:none" in style or "visibility:hidden" in style or (size is not None and int(size[1]) < 100)
        try:
            source = urlsplit(frame.get("src"))
        except ValueError:
            continue
        shown = (
            bool(style) and not hidden and not frame.xpath("ancestor-or-self::*[contains(@style,'display:none')][1]")
        )
        if shown and (_LOGIN_ADDRESS.search(source.netloc) or _LOGIN_ADDRESS.search(source.path)):
            yield source.netloc + source.path


def _weak(document: Document) -> Wall | None:
    """Words and forms, on pages that hold hardly anything else."""
    if document.tree is None:
        return None
    text = document.visible_text()
    if len(text) >= _SHORT:
        return None
    captcha = document.tree.xpath(_CAPTCHA_ELEMENTS)
    said = _BLOCK_WORDS.search(text)
    if captcha or said:
        return Outcome.BLOCKED, f"页面提示“{said[0][:40]}”" if said else "页面只有一道验证"
    asked = _LOGIN_WORDS.search(text)
    if asked or (len(text) < _SHORT // 2 and document.tree.xpath("//input[@type='password']")):
        return Outcome.LOGIN_REQUIRED, f"页面提示“{asked[0][:40]}”" if asked else "页面只有一个登录框"
    return None


def _by_answer(data: Any) -> Wall | None:
    for message in _messages(data):
        if _BLOCK_CODES.search(message) or _BLOCK_WORDS.search(message):
            return Outcome.BLOCKED, f"接口回答“{message[:60]}”"
        if _LOGIN_CODES.search(message) or _LOGIN_WORDS.search(message):
            return Outcome.LOGIN_REQUIRED, f"接口回答“{message[:60]}”"
    return None


_MESSAGE_KEYS = ("ret", "code", "errcode", "errno", "status", "msg", "message", "errmsg", "error", "info", "reason")


def _messages(data: Any) -> Iterator[str]:
    """What a JSON answer says about itself, in its outer two levels."""
    levels = [data, *data.values()] if isinstance(data, dict) else []
    for level in levels:
        if not isinstance(level, dict):
            continue
        for key in _MESSAGE_KEYS:
            said = level.get(key)
            for one in said[:5] if isinstance(said, list) else [said]:
                if isinstance(one, str | int) and not isinstance(one, bool) and str(one)[:200].strip("0 "):
                    yield str(one)[:200]


def _shows(selector: Selector, document: Document) -> bool:
    for choice in selector:
        subject = document.tree if choice.kind.markup else document.text if choice.kind.value == "re" else document.data
        if choice.find is None or subject is None:
            continue
        found = [one for one in choice.find(subject) if one not in (False, None, "", 0)]
        if choice.pattern is not None:
            found = [
                one for one in found if choice.pattern.search(one if isinstance(one, str) else "".join(one.itertext()))
            ]
        if found:
            return True
    return False


def _shows_goods(definition: Definition, document: Document) -> bool:
    item = _shows(definition.signs["item"], document) and _shows(definition.fields["title"], document)
    return item or _shows(definition.signs["cards"], document)


def _title(document: Document) -> str:
    titles = document.tree.xpath("//title") if document.tree is not None else []
    return " ".join("".join(titles[0].itertext()).split())[:300] if titles else ""


def _is_shell(document: Document, text: str) -> bool:
    """True where a script is to build what is not there yet; a frame of navigation and footer may stand around it."""
    if document.tree is None or not document.tree.xpath("//script"):
        return False
    return len(text) < _EMPTY_SHELL or (len(text) < _SHORT and bool(document.tree.xpath(_MOUNTS)))
