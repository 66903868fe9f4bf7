"""Which tab a request of a live browser belongs to."""

from playwright.async_api import Request as BrowserRequest

from crawler.network import BROWSER_FAULTS
from crawler.tab import Tab


class TabGates:
    """Hands each request of the live browsers to the gate of its tab; what belongs to none is refused."""

    def __init__(self) -> None:
        self.tabs: list[Tab] = []

    async def refuses(self, request: BrowserRequest) -> bool:
        """The decision of the tab's gate. Popups and workers have no tab."""
        try:
            page = request.frame.page
        except BROWSER_FAULTS:
            return True
        tab = next((tab for tab in self.tabs if tab.owns(page)), None)
        return True if tab is None else await tab.gate.refuses(request)
