"""The fence around one listing: what breaks on it is found, put aside, and holds nobody else up."""

from collections.abc import Callable, Sequence
from typing import Protocol, Self, TypeVar

from db.quarantine import blames_data
from pipelines.reception import Progress
from records import Fault


class Sum(Protocol):
    """A result that adds up over the parts of a batch."""

    def __add__(self, other: Self, /) -> Self:
        """Both together."""


One = TypeVar("One")
Result = TypeVar("Result", bound=Sum)


def halving(
    batch: Sequence[One],
    work: Callable[[Sequence[One], Progress], Result],
    put_aside: Callable[[One, Exception, str], Result],
) -> Result:
    """`work` over the whole batch; where it breaks, over each half, down to the one that breaks alone.

    That one goes to `put_aside` with its error and the stage that `work` had told last. What is no listing's fault
    (a Fault, the disk, memory, the server, the schema) is raised at once.
    """
    stages = ["normalise"]
    try:
        return work(batch, stages.append)
    except (Fault, OSError, MemoryError):
        raise
    except Exception as error:
        if not blames_data(error):
            raise
        if len(batch) == 1:
            return put_aside(batch[0], error, stages[-1])
    half = len(batch) // 2
    return halving(batch[:half], work, put_aside) + halving(batch[half:], work, put_aside)
