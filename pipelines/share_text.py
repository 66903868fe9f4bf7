"""What apps put on the clipboard: a link somewhere in a text, a title in quotes, the app's name in brackets."""

import re
from dataclasses import dataclass

_LINK = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)
#: 【闲鱼】 at the beginning names the app, 「…」 and 《…》 hold the title; 闲鱼 writes 我在闲鱼发布了【…】.
_QUOTED = re.compile(r"「(.{1,500}?)」|《(.{1,500}?)》|“(.{1,500}?)”|发布了【(.{1,500}?)】", re.DOTALL)
_NESTED = re.compile(r"发布了【(.{1,500}?)】", re.DOTALL)
_APP = re.compile(r"^\s*【([^】]{1,12})】")
#: What the apps say around it.
_PHRASES = re.compile(
    r"点击链接直接打开|点击链接[^\s，。]{0,20}|或者?\s*(?:淘宝|闲鱼)?搜索?直接打开|复制(?:这段|此条|本条)[^\s，。]{0,30}|"
    r"\b(?:CZ|HU|MF|ZH|CA)\d{2,5}\b|7天无理由退货|快来捡漏[^\s，。]{0,10}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What a share text says."""

    #: The first http(s) link; empty where there is none.
    url: str
    #: The title in quotation marks; else the text without link and set phrases; empty where that leaves nothing.
    title: str
    #: Name of the app in brackets at the beginning; empty where there is none.
    app: str
    #: The text without that link and set phrases.
    words: str


def read_share_text(text: str) -> Shared:
    """Takes a pasted link or share text apart. Any text will do; nothing is looked up."""
    link = _LINK.search(text)
    app = _APP.match(text)
    words = _PHRASES.sub(" ", _LINK.sub(" ", _APP.sub("", text), count=1))  # a second link is kept nowhere else
    words = re.sub(r"[ \t\u3000]+", " ", words).strip(" ，。,\n\t")
    return Shared(
        url=link[0].rstrip(").,;!'") if link else "",
        title=_title(text) or words.split("\n", 1)[0].strip()[:200],
        app=app[1] if app else "",
        words=words,
    )


def _title(text: str) -> str:
    nested = _NESTED.search(text)
    if nested:
        return nested[1].strip()
    quoted = _QUOTED.search(text)
    return next((group.strip() for group in quoted.groups() if group), "") if quoted else ""
