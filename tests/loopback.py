"""An HTTP server in a thread of the test, on loopback; what it answers is a handler's own affair."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Quiet(BaseHTTPRequestHandler):
    """Writes nothing to the test's output."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def listening(
    handler: type[BaseHTTPRequestHandler],
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Base address of a server that answers while the block runs; port 0 takes a free one."""
    server = ThreadingHTTPServer((address, port), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://{address}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
