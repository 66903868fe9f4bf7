"""Time-stamps (RFC 3161) over the manifest: asked for, checked, and put beside what is signed, never into it.

The exchange itself is somebody else's: this room opens no connection.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.errors import VerificationError

from evidence.manifest import TIMESTAMPS
from evidence.plain_zip import PlainZip
from evidence.strange_zip import StrangeZip
from records import Fault

#: What a request and an answer are called over HTTP.
QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
#: Bytes of an answer that is read.
LONGEST_TOKEN: Final = 64 << 10
_SHA256: Final = "2.16.840.1.101.3.4.2.1"


class TokenRefused(Fault):
    """时间戳的应答不成立，没有采用。

    The answer of the time-stamping authority is void; it was not taken.
    """

    code = "E-EVIDENCE-040"
    remedy = (
        "请核对时间戳服务的地址与根证书（--tsa-ca）；证据包未受影响，稍后可再加时间戳。",
        "Check the address and the root certificate (--tsa-ca); the package is unharmed and can be stamped later.",
    )


class RootsUnreadable(Fault):
    """给出的时间戳根证书读不出。

    The root certificates of the time-stamping authority cannot be read.
    """

    code = "E-EVIDENCE-041"
    remedy = ("需要 PEM 格式的证书，可有多个。", "It takes certificates as PEM, one or several.")
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """What one token says."""

    #: Inside the package; empty while it is in none.
    path: str = ""
    #: When the authority had the manifest's hash before it.
    at: datetime
    serial: str
    #: True where its signature leads to a root that was given; False where none was.
    checked: bool


def read_roots(pem: bytes) -> list[Certificate]:
    """The certificates in `pem`. Raises RootsUnreadable for none."""
    try:
        return list(load_pem_x509_certificates(pem))
    except ValueError as wrong:
        raise RootsUnreadable from wrong


def ask(manifest: bytes) -> Any:
    """A request for a stamp over `manifest`, with a nonce: `as_bytes()` is what goes out."""
    return TimestampRequestBuilder().data(manifest).hash_algorithm(HashAlgorithm.SHA256).build()


def check_answer(request: Any, answer: bytes, manifest: bytes, roots: Sequence[Certificate]) -> Stamp:
    """What the answer to that very request says. Raises TokenRefused: another nonce, another manifest, another root."""
    token = _decoded(answer)
    if token.tst_info.nonce != request.nonce:
        raise TokenRefused("应答的随机数不是我们所发的：可能是重放")
    return _checked(token, manifest, roots)


def check_token(token: bytes, manifest: bytes, roots: Sequence[Certificate]) -> Stamp:
    """What a token of old says. Raises TokenRefused; without `roots` only what it stamps is compared."""
    return _checked(_decoded(token), manifest, roots)


def add_tokens(package: Path, tokens: Iterable[bytes], into: BinaryIO) -> None:
    """Writes the package with more tokens behind what it holds; what was there is copied as it stands.

    The package must be as written; see `verify`.
    """
    with StrangeZip(package) as before:
        names = list(before.names)
        entries = before.entries(names)
        before.copy(into, entries[-1].end)
    out = PlainZip(into, entries)
    number = sum(name.startswith(TIMESTAMPS) for name in names)
    for number, token in enumerate(tokens, number + 1):  # noqa: B020  goes on from there
        out.write(token_name(number, token), len(token), [token])
    out.close()


def token_name(number: int, token: bytes) -> str:
    """What the package's token of that number, from 1, is called."""
    return f"{TIMESTAMPS}{number:02}-{hashlib.sha256(token).hexdigest()[:8]}.tsr"


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        token = decode_timestamp_response(answer)
        if token.status not in (0, 1):
            raise TokenRefused(f"时间戳服务没有签发（状态 {token.status}）")
        token.tst_info.message_imprint  # noqa: B018  parsed only when asked for
    except ValueError as wrong:
        raise TokenRefused("应答读不出，或不是 RFC 3161 时间戳") from wrong
    return token


def _checked(token: TimeStampResponse, manifest: bytes, roots: Sequence[Certificate]) -> Stamp:
    imprint = token.tst_info.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256 or imprint.message != hashlib.sha256(manifest).digest():
        raise TokenRefused("时间戳所对应的不是这份清单")
    if roots:
        verifier = VerifierBuilder(roots=list(roots)).build()
        try:
            verifier.verify_message(token, manifest)
        except (VerificationError, ValueError) as wrong:
            raise TokenRefused(f"时间戳的签名不能追溯到给出的根证书：{wrong}") from wrong
    info = token.tst_info
    return Stamp(at=info.gen_time.astimezone(UTC), serial=f"{info.serial_number:x}", checked=bool(roots))
