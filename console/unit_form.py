"""What a person writes of the unit and its districts, read line by line."""

import re

from console.beginning import OwnDistrict, OwnUnit
from console.language import _
from records import Fault

_CODE = re.compile(r"\d{6}", re.ASCII)
_LONGEST = 40
_MOST_DISTRICTS = 60


class UnitRefused(Fault):
    """单位或区（市）的写法不对，没有保存。

    The unit or its districts are not written as they must be; nothing was kept.
    """

    code = "E-CONSOLE-090"
    remedy = (
        "单位、城市各写 1–40 字；区（市）一行一个：六位行政区划代码、空格、名称，后面可再写别名，可从 Excel 直接粘贴。",
        "Unit and city of 1-40 characters; a district a line: its six-digit code, a space, its name, then other names "
        "for it; a paste from Excel will do.",
    )


def unit_from(name: str, city: str, province: str, lines: str) -> OwnUnit:
    """What a person wrote, as a unit. Raises UnitRefused, naming the line."""
    written = [(number, line.split()) for number, line in enumerate(lines.splitlines(), start=1) if line.strip()]
    if not 1 <= len(written) <= _MOST_DISTRICTS:
        raise UnitRefused(_("区（市）%(count)s 个，应为 1–%(most)s 个", count=len(written), most=_MOST_DISTRICTS))
    for number, words in written:
        if len(words) < 2 or not _CODE.fullmatch(words[0]) or not all(map(_fine, words)):
            raise UnitRefused(_("第 %(number)s 行：%(line)s", number=number, line=" ".join(words)[:60]))
    districts = tuple(OwnDistrict(code=words[0], name=words[1], aliases=tuple(words[2:])) for _number, words in written)
    for given in ([d.code for d in districts], [d.name for d in districts]):
        if len(set(given)) < len(given):
            raise UnitRefused(_("重复：%(what)s", what=next(one for one in given if given.count(one) > 1)))
    for what, value in ((_("单位名称"), name), (_("城市"), city), (_("省份"), province)):
        if not _fine(value.strip()):
            raise UnitRefused(_("%(what)s：应写 1–40 字", what=what))
    return OwnUnit(name=name.strip(), city=city.strip(), province=province.strip(), districts=districts)


def _fine(word: str) -> bool:
    return 1 <= len(word) <= _LONGEST and word.isprintable()
