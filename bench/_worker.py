"""A worker with one slice at a time that ends with the queue; its settings as JSON on standard input."""

import asyncio
import json
import sys

from ops.house import enter_house
from ops.settings import Settings
from ops.worker import work


def main() -> None:
    """Work until the queue is empty."""
    house = enter_house(Settings(**json.load(sys.stdin)), demo=False)
    asyncio.run(work(house, concurrency=1, until_empty=True))


if __name__ == "__main__":
    main()
