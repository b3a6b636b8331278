"""Who may call next: calls leave in the order of the plan, so that a run is finished row by row.

Rows wait for different things: a baseline for one call, a row with notes for several, one after the
other. First come, first served would answer every baseline before the first notes are written, and
a run that a cap ends would hold the baselines alone.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass

from sleeptime_lib.models.client import Client
from sleeptime_lib.records import Reply, Request


class Turns:
    """Lets a few more calls through to the client than it may have in flight, earlier rows first.

    Args:
        client: Makes the calls.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._through = 0
        self._most = 1
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    async def complete(self, request: Request, *, owner: str, place: int) -> Reply:
        """`Client.complete`, in turn.

        Args:
            request: The request.
            owner: Who asks.
            place: Of the row in the plan; the smallest goes first.
        """
        if self._through < self._most:
            self._through += 1
        else:
            await self._turn(place)
        try:
            return await self.client.complete(request, owner=owner)
        finally:
            self._through -= 1
            if self._waiting:
                self._let_in()

    async def _turn(self, place: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (place, self._count, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._through -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        # Calls that wait before a retry are not in flight: some more keep the server busy.
        limit = self.client.concurrency
        self._most = limit + limit // 4 + 1
        while self._waiting and self._through < self._most:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._through += 1
                turn.set_result(None)


@dataclass(frozen=True, slots=True)
class InTurn:
    """The client as one row sees it: what the row's calls go through.

    Attributes:
        turns: Orders the calls of all rows.
        place: Of the row in the plan.
    """

    turns: Turns
    place: int

    @property
    def model(self) -> str:
        """Name of the model that answers."""
        return self.turns.client.model

    async def complete(self, request: Request, *, owner: str) -> Reply:
        """As `Client.complete`."""
        return await self.turns.complete(request, owner=owner, place=self.place)
