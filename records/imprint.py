"""主体信息: what a platform says of itself at the foot of its pages, for the 摸底台账."""

from dataclasses import dataclass
from datetime import datetime

_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Imprint:
    """Who runs a platform, as its own page says; what it does not say is empty. Nothing here has been verified."""

    #: The page that says so.
    url: str
    #: Aware, UTC.
    read_at: datetime
    #: Sha256 hex of that page.
    page_sha256: str
    #: 经营者名称.
    operator: str = ""
    #: 统一社会信用代码 as shown, upper case.
    uscc: str = ""
    #: ICP 备案/许可证号.
    icp: str = ""
    #: 住所.
    seat: str = ""
    #: Where 亮照 is linked: the licence, or the page that shows it.
    license_url: str = ""

    @property
    def says_who(self) -> bool:
        """True where it names anybody at all."""
        return bool(self.operator or self.uscc or self.icp)


def is_credit_code(code: str) -> bool:
    """True for a 统一社会信用代码 whose check digit is right (GB 32100-2015)."""
    if len(code) != 18 or any(character not in _DIGITS for character in code):
        return False
    total = sum(_DIGITS.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
    return _DIGITS[-total % 31] == code[17]
