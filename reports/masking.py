"""What a text says of how to reach a person, covered: for papers that may leave the house.

Covers too much rather than too little: a number of seven digits that is no telephone is covered as well.
"""

import re

#: Digits of whatever writing, with at most three signs between two of them, and seven or more of them.
_DIGIT = r"[0-9０-９〇零洞一二两三四五六七八九壹贰叁肆伍陆柒捌玖幺①-⑨❶-❾]"
_NUMBER = re.compile(rf"({_DIGIT})(?:[^\w\u3400-\u9fff]{{0,3}}{_DIGIT}){{5,}}[^\w\u3400-\u9fff]{{0,3}}({_DIGIT})")
#: Words before a name on some other service, and that name.
_HANDLE = re.compile(
    r"((?:[微薇威徽]信?|v信|绿泡泡|卫星|扣扣|企鹅|联系|电话|手机|(?<![a-z0-9])(?:vx|wx|v|wechat|weixin|qq|tg|telegram))"
    r"[^0-9a-z\u3400-\u9fff]{0,6}(?:号|同号|加|是)?[^0-9a-z\u3400-\u9fff]{0,4})([a-z0-9][a-z0-9_-]{4,24})",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LINK = re.compile(r"(https?://[^\s/?#]{1,253})[/?#]\S*", re.IGNORECASE)


def masked_text(text: str) -> str:
    """`text` with numbers, names on other services, mail addresses and paths of links covered by stars."""
    text = _MAIL.sub("***@***", _LINK.sub(r"\1/***", text))
    text = _HANDLE.sub(lambda found: f"{found[1]}{found[2][0]}***", text)
    return _NUMBER.sub(r"\1****\2", text)
