"""What a text says of permits, labels and certificates: which kind it claims, and the numbers that it gives.

Where the forms of the numbers come from:

- 药品批准文号: 《药品注册管理办法》 (国家市场监督管理总局令第27号) art. 123: 国药准字H(Z、S), four digits of the year,
  four of the serial; C follows the letter for Hong Kong, Macao and Taiwan, J for abroad. Older ones have J, B, T or F.
- 允许进出口证明书: CITES Resolution Conf. 12.3 recommends WWxxYYYYYY/zz: year, country by ISO, serial, own use; the
  endangered species office of China writes the year with four digits and letters for import, export or re-export.
- 人工繁育 (驯养繁殖) 许可证 and 批准文件: no published form. They are numbers of documents, which GB/T 9704-2012
  (7.2.5) writes as 机关代字〔年份〕序号, as in 林护许准〔2018〕1234号; which paper it is says the code of the office.
- 专用标识: one code a piece, without a published form (two drafts of the rules in 2023): what stands behind the words,
  letters and digits, at least six of these. The same for 检疫证明, whose numbers are digits alone.
"""

import re
from functools import cache

from keywords.folding import folding
from records import LicenceClaim, LicenceKind

#: Between a word and its number: 编号：, No. and the like.
_LINK = (
    r"\s{0,3}(?:上|的|为|是)?(?:编号|编码|证号|号码|字号|号|码)?(?:为|是)?"
    r"[\s:：.,，#（(\[【-]{0,4}(?:no\.?|№)?[\s:：.]{0,3}"
)
#: An office may begin with its province; digits may stand in groups.
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
_CODE = rf"([{_PROVINCES}]?[a-z]{{0,6}}[ -]{{0,2}}\d(?:[a-z\d-]| (?=\d{{3}})){{4,30}})"
_YEAR = r"[〔(\[【（]?(?:19|20)\d\d[〕)\]】）]?"

#: Words that claim a paper, and with them what a number behind them looks like (None: by its own form alone).
_CLAIMS: dict[LicenceKind, tuple[str, str | None]] = {
    LicenceKind.LABEL: (r"专用标识|专用标|标识卡|标识编码|标识码|标识编号|标识证|带标识", _CODE),
    LicenceKind.BREEDING: (
        r"(?:人工繁育|人工繁殖|驯养繁殖|驯养|养殖)许可证?|驯养证|驯繁证|繁育证",
        _CODE,
    ),
    LicenceKind.SALE: (r"经营利用许可证?|准予行政许可决定书?|行政许可决定书?|经营许可证|核准文件|批准文件", _CODE),
    LicenceKind.TRADE: (
        r"(?:允许)?进出口证明书?|允许(?:进|出)口证明书?|cites(?:证书?|许可证?)",
        _CODE,
    ),
    LicenceKind.QUARANTINE: (r"检疫合格证明?|检疫证明?|检疫证|检疫票", r"(\d{8,15})"),
    LicenceKind.DRUG: (r"国药准字", None),
    LicenceKind.ORIGIN: (r"合法来源证明?|来源证明|合法手续|手续齐全|证件齐全", None),
}
#: Numbers that are known by their own form.
_FORMS: tuple[tuple[LicenceKind, str], ...] = (
    (LicenceKind.DRUG, r"国药准字\s{0,2}((?:[hzs][cj]?|[jbtf])\s{0,2}\d{8})(?!\d)"),
    (
        LicenceKind.TRADE,
        r"(?<![a-z\d])((?:19|20)?\d\d\s?/?\s?cn\s?/?\s?[a-z]{0,2}\d{5,6}(?:\s?/\s?[a-z]{2,3})?)(?![a-z\d])",
    ),
    (LicenceKind.BREEDING, rf"([\u4e00-\u9fff]{{0,6}}[驯繁][\u4e00-\u9fff]{{0,4}}{_YEAR}[第 -]{{0,2}}\d{{1,6}}\s?号)"),
    (LicenceKind.SALE, rf"([\u4e00-\u9fff]{{0,4}}许准字?{_YEAR}[第 -]{{0,2}}\d{{1,6}}\s?号)"),
)
#: A telephone, which stands behind such words as often as a number of theirs.
_MOBILE = re.compile(r"1[3-9]\d{9}")
_FEWEST_DIGITS = 6


def licence_claims(text: str) -> tuple[LicenceClaim, ...]:
    """What `text` claims, by position; a paper claimed without a number has none. Spans index `text`."""
    folded = _fold(text)
    numbers = [claim for claim in _numbers(text, folded) if _is_number(claim)]
    numbered = {claim.kind for claim in numbers}
    bare = [
        LicenceClaim(kind=kind, number="", start=found.start(), end=found.end())
        for kind, word in _words().items()
        if kind not in numbered and (found := word.search(folded))
    ]
    return tuple(sorted([*numbers, *bare], key=lambda claim: (claim.start, claim.end)))


def _numbers(text: str, folded: str) -> list[LicenceClaim]:
    taken: dict[tuple[int, int], LicenceClaim] = {}
    for kind, pattern in _patterns():
        for found in pattern.finditer(folded):
            start, end = found.span(1)
            if all(end <= other.start or start >= other.end for other in taken.values()):
                number = text[start:end].strip(" -")
                taken[start, end] = LicenceClaim(kind=kind, number=number, start=start, end=end)
    return list(taken.values())


def _is_number(claim: LicenceClaim) -> bool:
    if claim.kind in (LicenceKind.BREEDING, LicenceKind.SALE) and claim.number.endswith("号"):
        return True
    digits = "".join(filter(str.isdigit, claim.number))
    return len(digits) >= _FEWEST_DIGITS and _MOBILE.fullmatch(claim.key) is None


@cache
def _words() -> dict[LicenceKind, re.Pattern[str]]:
    return {kind: re.compile(words) for kind, (words, _) in _CLAIMS.items()}


@cache
def _patterns() -> tuple[tuple[LicenceKind, re.Pattern[str]], ...]:
    """Forms first: what is known by its own form needs no word before it."""
    by_word = [(kind, f"(?:{words}){_LINK}{code}") for kind, (words, code) in _CLAIMS.items() if code]
    return tuple((kind, re.compile(pattern)) for kind, pattern in [*_FORMS, *by_word])


def _fold(text: str) -> str:
    """Width and case as one, same length."""
    return folding().fold(text)
