// Reads events of turns with the official Node client, for the benchmarks (`tests/bench`). `turns.py` does the same with the official
// Python client, and tells more.

import { createInterface } from "node:readline";
import { Letta } from "@letta-ai/letta-client";

const AGENT = "agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10";

const clients = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { url, turns } = JSON.parse(line);
  if (!clients.has(url)) clients.set(url, new Letta({ baseURL: url, apiKey: "sk-let-1" }));
  let events = 0;
  const [began, cpuBegan] = [performance.now(), process.cpuUsage()];
  for (let turn = 0; turn < turns; turn++) {
    const body = { input: "Hi", streaming: true, stream_tokens: true };
    for await (const _ of await clients.get(url).agents.messages.create(AGENT, body)) events++;
  }
  const [milliseconds, cpu] = [performance.now() - began, process.cpuUsage(cpuBegan)];
  const took = { seconds: milliseconds / 1e3, cpuSeconds: (cpu.user + cpu.system) / 1e6, events };
  process.stdout.write(`${JSON.stringify(took)}\n`);
}
