// Makes calls with the official Node client, for the benchmarks (`tests/bench`). What it reads and answers is told in
// `tests/bench/caller/src/lib.rs`; `bench.py` does the same with the official Python client.

import { createInterface } from "node:readline";
import { Letta } from "@letta-ai/letta-client";

// All of these as in `tests/bench/caller/src`.
const API_KEY = "sk-let-benchmark-0c5fd2e17a644c0e9a3e2f1b8a6d4e10";
const AGENTS = ["agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10", "agent-7d1e9b3c-55f2-4d8a-8b6c-91e0c4a2f377"];
const CREATE = {
  hostname: "https://chat.example.com",
  policy: AGENTS.map((id) => ({ type: "agent", id, access: ["read_messages", "write_messages"] })),
  expires_at: "2126-03-01T12:00:00Z",
};
const SECRET_LENGTH = 71;

/** The call; it gives whether its answer was read. */
const callOf = ({ call }, { accessTokens }) =>
  call === "create"
    ? async () => (await accessTokens.create(CREATE)).token.length === SECRET_LENGTH
    : async () => (await accessTokens.list({ limit: call.list })).tokens.length === call.list;

/** To about three digits, so that there are not too many. */
const rounded = (nanoseconds) => {
  const step = 10 ** Math.max(Math.floor(Math.log10(nanoseconds)) - 2, 0);
  return Math.ceil(nanoseconds / step) * step;
};

const run = async (order, client) => {
  const call = callOf(order, client);
  const took = new Map();
  let left = order.calls;
  const caller = async () => {
    while (left-- > 0) {
      const began = performance.now();
      if (!(await call())) throw new Error("an answer is not what was asked for");
      const nanoseconds = rounded((performance.now() - began) * 1e6);
      took.set(nanoseconds, (took.get(nanoseconds) ?? 0) + 1);
    }
  };
  const [began, cpuBegan] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: order.tasks }, caller));
  const [milliseconds, cpu] = [performance.now() - began, process.cpuUsage(cpuBegan)];
  return {
    seconds: milliseconds / 1e3,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    latencies: [...took].sort(([one], [other]) => one - other),
  };
};

const clients = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.protocol !== "http1") throw new Error("it has no other");
  if (!clients.has(order.baseUrl)) {
    clients.set(order.baseUrl, new Letta({ baseURL: order.baseUrl, apiKey: API_KEY }));
  }
  process.stdout.write(`${JSON.stringify(await run(order, clients.get(order.baseUrl)))}\n`);
}
