"""Reads events of turns with the official Python client, for the benchmarks (`tests/bench`).

Each line of the standard input says how many turns to make and where, and is answered with what they took: `turns.mjs` does the same
with the official Node client.
"""

import json
import sys
import time
from typing import Dict

from letta_client import Letta

AGENT = "agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10"


def main() -> None:
    clients: Dict[str, Letta] = {}
    for line in sys.stdin:
        order = json.loads(line)
        url = order["url"]
        client = clients.setdefault(url, Letta(base_url=url, api_key="sk-let-1"))
        events = 0
        began, cpu_began = time.perf_counter(), time.process_time()
        for _ in range(order["turns"]):
            for _ in client.agents.messages.create(AGENT, input="Hi", streaming=True, stream_tokens=True):
                events += 1
        took = {"seconds": time.perf_counter() - began, "cpuSeconds": time.process_time() - cpu_began, "events": events}
        print(json.dumps(took), flush=True)


main()
