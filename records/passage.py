"""Why a connection is not let out."""

from enum import StrEnum


class Barred(StrEnum):
    """What the egress guard says of a connection that did not come about or was cut.

    What it saw (addresses above all) stands in its security log alone: no page and no note repeats it (FAULTS C12).
    """

    MALFORMED = "malformed"  # userinfo, backslash, a number in disguise, no HTTP at all
    HOST = "host"  # none of the platform's hosts
    PORT = "port"  # neither 80 nor 443
    ADDRESS = "address"  # internal or special, or among the host's addresses there is one
    UNRESOLVED = "unresolved"  # the name is nobody's
    UNREACHABLE = "unreachable"  # nobody listens there
    SLOW = "slow"  # a deadline passed
    TOO_MUCH = "too_much"  # cut at the limit of bytes
    BUSY = "busy"  # more connections at once than are allowed

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]

    @property
    def forbidden(self) -> bool:
        """True where it was refused on principle; False where the network failed."""
        return self in (Barred.MALFORMED, Barred.HOST, Barred.PORT, Barred.ADDRESS)


_LABELS = {
    Barred.MALFORMED: "地址写法不可接受",
    Barred.HOST: "不是该平台的主机",
    Barred.PORT: "端口不许访问",
    Barred.ADDRESS: "指向内部或特殊网络",
    Barred.UNRESOLVED: "域名无法解析",
    Barred.UNREACHABLE: "连接不上",
    Barred.SLOW: "超时",
    Barred.TOO_MUCH: "超过流量上限",
    Barred.BUSY: "同时连接过多",
}
