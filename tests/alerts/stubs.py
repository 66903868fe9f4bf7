"""Loopback stand-ins for WeCom, a webhook and a mail server, each with a script of faults."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.loopback import Quiet, listening

OK = {"errcode": 0, "errmsg": "ok"}


class Robot:
    """Answers with the next step of its script, then with OK. Steps: a dict (JSON), an int (status), `hang`, `drop`."""

    def __init__(self, script: list) -> None:
        self.script = list(script)
        self.bodies: list[dict] = []
        self.paths: list[str] = []
        self.headers: list[dict] = []
        self.released = threading.Event()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.bodies.append(json.loads(raw))
        self.paths.append(handler.path)
        self.headers.append(dict(handler.headers))
        step = self.script.pop(0) if self.script else OK
        if step == "hang":
            self.released.wait(20)
            step = "drop"
        if step == "drop":
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        status, body = (step, b"") if isinstance(step, int) else (200, json.dumps(step).encode())
        if isinstance(step, bytes):
            status, body = 200, step
        handler.send_response(status)
        if status in (301, 302):
            handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def robot(*script: object) -> Iterator[tuple[Robot, str]]:
    """A robot on loopback and its address, key included."""
    stub = Robot(list(script))

    class Handler(Quiet):
        def do_POST(self) -> None:
            stub.answer(self)

    with listening(Handler) as url:
        try:
            yield stub, f"{url}/cgi-bin/webhook/send?key=CANARY-KEY-0001"
        finally:
            stub.released.set()


class Postbox:
    """An SMTP server in a thread, line by line, so that it may break where a script says.

    Faults: `refuse_all`, `refuse_first` (recipients), `drop_at_data` (after the text, before the answer),
    `bad_quit` (answers QUIT with an error).
    """

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.mails: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Postbox":
        return self

    def __exit__(self, *_: object) -> None:
        # wakes accept(), which a close alone does not
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"SHUT\r\n")
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            line, _ = self._listener.accept()
            with line, line.makefile("rwb") as talk:
                try:
                    if not self._talk(talk):
                        return
                except OSError:
                    continue

    def _talk(self, talk) -> bool:
        def say(words: str) -> None:
            talk.write(words.encode() + b"\r\n")
            talk.flush()

        say("220 stub")
        recipients = 0
        while command := talk.readline():
            verb = command.split()[0].upper() if command.split() else b""
            if verb == b"SHUT":
                return False
            if verb == b"RCPT":
                recipients += 1
                refused = self.fault == "refuse_all" or (self.fault == "refuse_first" and recipients == 1)
                say("550 no such user" if refused else "250 ok")
            elif verb == b"DATA":
                say("354 go on")
                text = b""
                while (part := talk.readline()) != b".\r\n":
                    text += part
                self.mails.append(text)
                if self.fault == "drop_at_data":
                    return True
                say("250 taken")
            elif verb == b"QUIT":
                say("451 not now" if self.fault == "bad_quit" else "221 bye")
                return True
            else:
                say("250 ok")
        return True
