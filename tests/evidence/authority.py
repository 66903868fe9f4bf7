"""A time-stamping authority of our own: `openssl ts` behind loopback HTTP."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.loopback import Quiet, listening

_SETTINGS = """
[tsa]
default_tsa = one
[one]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Its files, and what it was asked."""

    folder: Path
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    #: What it answers to the next requests in place of a token of its own: bytes, or a status.
    script: list[bytes | int] = field(default_factory=list)

    @property
    def roots(self) -> Path:
        return self.folder / "ca.pem"

    def reply(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        asked = ["-queryfile", "request.tsq", "-config", "openssl.cnf", "-out", "reply.tsr"]
        subprocess.run(["openssl", "ts", "-reply", *asked], cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply.tsr").read_bytes()


def found(folder: Path) -> Authority:
    """Makes the root, the authority's certificate and its settings."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ["-newkey", "rsa:2048", "-nodes"]
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Root")
    openssl("req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA")
    (folder / "tsa.ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=digitalSignature\n")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "tsa.ext"]
    openssl("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signed)
    (folder / "serial").write_text("01\n")
    (folder / "openssl.cnf").write_text(_SETTINGS.format(folder=folder))
    return Authority(folder)


@contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    """The authority behind an address on loopback."""

    class Handler(Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked.append(body)
            step = authority.script.pop(0) if authority.script else authority.reply(body)
            status, answer = (step, b"") if isinstance(step, int) else (200, step)
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with listening(Handler) as url:
        authority.url = f"{url}/tsa"
        yield authority
