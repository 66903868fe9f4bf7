"""Why somebody looks at, takes along or keeps personal data: one line, typed, which the audit keeps.

On a lead's own page, many times a day and for a quarter of an hour, an occasion is chosen and words are needed with
其他 alone. Paper and files leave the house and are rare, so there a person always says it in words.
"""

from console.language import N_, _
from console.wording import cleaned
from records import Fault

#: The longest and, where personal data leave the house, the shortest reason, in characters.
LONGEST, IN_WORDS = 100, 4

OTHER = N_("其他")
#: What personal data may be looked at for.
OCCASIONS = (N_("核实身份"), N_("制作文书"), N_("联系当事人"), N_("移送或协查"), OTHER)


class ReasonWanting(Fault):
    """须写明事由，写入审计；没有照办。

    Say why: the audit keeps it. Nothing was done.
    """

    code = "E-CONSOLE-060"
    remedy = ("请返回补写后再提交。", "Go back, write it and send it again.")


def said(typed: str, *, least: int = 1) -> str:
    """What was typed, in one line. Raises ReasonWanting unless it has `least` to LONGEST characters."""
    words = cleaned(typed)
    if not least <= len(words) <= LONGEST:
        raise ReasonWanting(_("请写 %(least)s–%(most)s 个字。", least=least, most=LONGEST))
    return words


def occasion(chosen: str, typed: str) -> str:
    """核实身份 or 核实身份: words. Raises ReasonWanting for what the list does not have, and for 其他 without words."""
    if chosen not in OCCASIONS:
        raise ReasonWanting(_("请选择事由。"))
    words = said(typed, least=1 if chosen == OTHER else 0)
    return f"{chosen}: {words}" if words else chosen
