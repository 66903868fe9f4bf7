"""Reading who runs a platform from the foot of one of its pages. Pure; nothing a page holds can raise here."""

import re
from collections.abc import Iterator
from typing import Any

from crawler.addresses import absolute
from crawler.definition import Definition
from crawler.documents import Document
from records import Imprint, Page

#: Characters at the end of a page that are its foot where no element says so.
_FOOT = 1_500
_FOOTS = (
    "//footer | //*[contains(@class,'footer') or contains(@id,'footer') or contains(@class,'copyright')"
    " or contains(@id,'copyright') or contains(concat(' ',@class,' '),' foot ') or @id='foot']"
)
_CODE = re.compile(r"信用代码(?:证号?)?\s*[:：]?\s*([0-9A-Za-z]{18})(?![0-9A-Za-z])")
_ICP = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?(?:B2-\d{8}|ICP\s?[备证]\s?\d{5,10}\s?号(?:-\d{1,4})?)"
)
_COMPANY = r"[\u4e00-\u9fa5（）()·A-Za-z0-9]{2,40}(?:公司|集团|合作社|中心|工作室|商行|经营部|程序)"
_OPERATOR = re.compile(
    rf"(?:经营者|运营者|运营主体|运营单位|主办单位|企业名称|公司名称)(?:名称)?\s*[:：]\s*({_COMPANY})"
)
_ANY_COMPANY = re.compile(r"[\u4e00-\u9fa5（）()]{4,40}有限(?:责任)?公司")
_SEAT = re.compile(r"(?:住所地?|注册地址|公司地址|联系地址|经营场所)\s*[:：]\s*([^\s|｜·,，。;；]{4,80})")
_LICENCE = re.compile(r"营业执照|亮照|证照信息|执照信息|经营者信息|企业信息公示")


def read_imprint(definition: Definition, page: Page) -> Imprint:
    """What the foot of `page` says of who runs the platform.

    The foot alone: what sellers write in their listings is no word of the platform.
    """
    document = Document(page=page, state=definition.state)
    foots = list(_foots(document))
    text = " ".join(_text(foot) for foot in foots) or document.visible_text(200_000)[-_FOOT:]
    operator = _first(_OPERATOR, text) or _whole(_ANY_COMPANY, text)
    return Imprint(
        url=page.final_url,
        read_at=page.fetched_at,
        page_sha256=page.sha256,
        operator=operator,
        uscc=_first(_CODE, text).upper(),
        icp=re.sub(r"\s", "", _whole(_ICP, text)),
        seat=_first(_SEAT, text),
        license_url=next(_licences(document, foots), ""),
    )


def _foots(document: Document) -> Iterator[Any]:
    """The outermost of the elements that call themselves the foot."""
    found = document.tree.xpath(_FOOTS) if document.tree is not None else []
    inside = set(found)
    return (one for one in found if not inside.intersection(one.iterancestors()))


def _licences(document: Document, foots: list[Any]) -> Iterator[str]:
    for foot in foots:
        for link in foot.iter("a"):
            if _LICENCE.search(_text(link)) or "zzlz.gsxt.gov.cn" in str(link.get("href", "")):
                yield absolute(document.base, str(link.get("href", "")))


def _text(element: Any) -> str:
    return " ".join(" ".join(piece.split()) for piece in element.itertext() if piece.strip())[:20_000]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _whole(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""
