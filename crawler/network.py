"""The ways in which asking can fail, named once, and what they are called in Chinese."""

import re

from playwright.async_api import Error as BrowserError
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

#: What Scrapy raises where no usable answer came. IgnoreRequest: too many redirects, or a body over the limit once
#: unpacked (a compression bomb).
NETWORK_FAULTS = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    TunnelError,
    UnsupportedURLSchemeError,
)

#: Nobody listens there, or the name is nobody's.
DOWN_FAULTS = (CannotResolveHostError, DownloadConnectionRefusedError)


class CertificateRefused(DownloadFailedError):  # type: ignore[misc]
    """Raised where a certificate did not prove who a server is; the message says what is wrong with it, in Chinese."""


class Overgrown(BrowserError):
    """Raised where a browser was killed because it held more memory than it may: perhaps by the page before."""


#: What a browser adds to them. TimeoutError is the outer deadline that stands around every wait for a page.
BROWSER_FAULTS = (BrowserError, TimeoutError)

#: Not worth asking again: the next answer would be the same.
#: After a timeout the time that a page may take is used up (FAULTS B6).
FINAL_FAULTS = (
    CertificateRefused, DownloadCancelledError, DownloadTimeoutError, IgnoreRequest, TimeoutError,
    UnsupportedURLSchemeError,
)  # fmt: skip

_CHINESE: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "域名无法解析"),
    (DownloadCancelledError, "回应超过大小上限"),
    (DownloadConnectionRefusedError, "连接被拒绝"),
    (DownloadTimeoutError, "超时"),
    (DownloadFailedError, "连接中断或回应有误"),
    (IgnoreRequest, "跳转过多，或解压后超过大小上限"),
    (ResponseDataLossError, "回应不完整"),
    (TunnelError, "未能经出口守卫建立连接"),
    (UnsupportedURLSchemeError, "地址类型不支持"),
    (TimeoutError, "浏览器页面超时"),
    (Overgrown, "浏览器占用的内存超过上限，已结束"),
    (BrowserError, "浏览器未能打开页面"),
)


#: As OpenSSL, the check of names behind it, and Chromium call it → what is wrong.
_CERTIFICATES = {
    r"ERR_CERT_DATE_INVALID": "已过期或未生效",
    r"ERR_CERT_COMMON_NAME_INVALID|VerificationError": "与域名不符",
    r"ERR_CERT_AUTHORITY_INVALID": "签发者不可信",
    r"ERR_CERT_\w+|certificate verify failed": "过期、自签或签发者不可信",
}


def blamed(fault: Exception) -> Exception:
    """`fault`, or CertificateRefused where that was the reason."""
    told = next((words for sign, words in _CERTIFICATES.items() if re.search(sign, str(fault))), "")
    return CertificateRefused(told) if told else fault


def chinese(fault: Exception) -> str:
    """A phrase for the operator."""
    if isinstance(fault, CertificateRefused):
        return f"站点证书未通过校验（{fault}）"
    return next((words for kind, words in _CHINESE if isinstance(fault, kind)), "网络错误")
