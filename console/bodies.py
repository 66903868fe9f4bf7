"""The body of a request, read whole before anybody looks at it, and given on."""

from starlette.types import Message, Receive

#: Largest body of an unsafe request, in bytes; what brings a screenshot and a saved page along may be larger.
BODY_LIMIT = 64 << 10
UPLOAD_LIMIT = 32 << 20


async def whole(receive: Receive, limit: int) -> bytes | None:
    """The whole body; None as soon as it is longer than `limit` bytes."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def replayed(body: bytes) -> Receive:
    """A `receive` that gives the body read before, then waits for nothing."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive
