"""Makes calls with the official Python client, for the benchmarks (`tests/bench`).

Each line of the standard input is an order, and is answered with a report of what the calls took; both are described
in `tests/bench/caller/src/lib.rs`. `bench.mjs` does the same with the official Node client.

One caller uses the client that blocks. Several use the asynchronous one, with aiohttp, as its documentation recommends
for many at a time.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any, Dict, Tuple

from letta_client import AsyncLetta, DefaultAioHttpClient, Letta

# All of these as in `tests/bench/caller/src`.
API_KEY = "sk-let-benchmark-0c5fd2e17a644c0e9a3e2f1b8a6d4e10"
AGENTS = ["agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10", "agent-7d1e9b3c-55f2-4d8a-8b6c-91e0c4a2f377"]
CREATE: Any = {
    "hostname": "https://chat.example.com",
    "policy": [{"type": "agent", "id": agent, "access": ["read_messages", "write_messages"]} for agent in AGENTS],
    "expires_at": "2126-03-01T12:00:00Z",
}
SECRET_LENGTH = 71


def call_of(order: Any, client: Any) -> Tuple[Any, Any]:
    """The call, and what tells whether its answer was read."""
    tokens = client.access_tokens
    if order["call"] == "create":
        return (lambda: tokens.create(**CREATE)), (lambda created: len(created.token) == SECRET_LENGTH)
    limit = order["call"]["list"]
    return (lambda: tokens.list(limit=limit)), (lambda page: len(page.tokens) == limit)


def one_after_the_other(order: Any, client: Letta, took: "Counter[int]") -> None:
    call, is_right = call_of(order, client)
    for _ in range(order["calls"]):
        began = time.perf_counter_ns()
        answer = call()
        assert is_right(answer), "an answer is not what was asked for"
        took[rounded(time.perf_counter_ns() - began)] += 1


async def at_a_time(order: Any, client: AsyncLetta, took: "Counter[int]") -> None:
    call, is_right = call_of(order, client)
    left = iter(range(order["calls"]))

    async def caller() -> None:
        for _ in left:
            began = time.perf_counter_ns()
            answer = await call()
            assert is_right(answer), "an answer is not what was asked for"
            took[rounded(time.perf_counter_ns() - began)] += 1

    await asyncio.gather(*(caller() for _ in range(order["tasks"])))


def rounded(nanoseconds: int) -> int:
    """To about three digits, so that there are not too many."""
    step = 10 ** max(len(str(nanoseconds)) - 3, 0)
    return -(-nanoseconds // step) * step


def main() -> None:
    loop = asyncio.new_event_loop()
    blocking: Dict[str, Any] = {}
    asynchronous: Dict[str, Any] = {}

    async def start(base_url: str) -> AsyncLetta:
        # In the loop, where aiohttp wants to be.
        return AsyncLetta(base_url=base_url, api_key=API_KEY, http_client=DefaultAioHttpClient())

    for line in sys.stdin:
        order = json.loads(line)
        assert order["protocol"] == "http1", "it has no other"
        base_url, is_alone = order["baseUrl"], order["tasks"] == 1
        known = blocking if is_alone else asynchronous
        if base_url not in known:
            known[base_url] = Letta(base_url=base_url, api_key=API_KEY) if is_alone else loop.run_until_complete(start(base_url))
        client = known[base_url]
        took: "Counter[int]" = Counter()
        began, cpu_began = time.perf_counter(), time.process_time()
        if is_alone:
            one_after_the_other(order, client, took)
        else:
            loop.run_until_complete(at_a_time(order, client, took))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
        report = {"seconds": seconds, "cpuSeconds": cpu_seconds, "latencies": sorted(took.items())}
        print(json.dumps(report), flush=True)
    for client in asynchronous.values():
        loop.run_until_complete(client.close())


main()
