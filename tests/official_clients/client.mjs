// Makes calls with the official Node client, and prints what it understood of the answers. What it reads and
// prints is told in `client.py`, which does the same with the official Python client.

import { readFileSync } from "node:fs";
import { APIError, Letta } from "@letta-ai/letta-client";

const task = JSON.parse(readFileSync(0, "utf8"));
const minted = [];

const named = (name) => (typeof name === "number" ? minted[name] : name);
const instant = (date) => (date == null ? null : Date.parse(date));
const count = (list) => (list ?? []).length;

const token = (token) => ({
  token: token.token,
  hostname: token.hostname,
  expiresAt: token.expiresAt,
  version: token.policy.version,
  policy: token.policy.data.map(({ type, id, access }) => ({ type, id, access })),
});

const agent = (agent) => ({
  id: agent.id,
  type: agent.agent_type,
  name: agent.name,
  description: agent.description ?? null,
  system: agent.system,
  model: agent.model ?? null,
  tags: agent.tags,
  blocks: agent.blocks.length,
  tools: agent.tools.length,
  messages: count(agent.message_ids),
  created: instant(agent.created_at),
});

const usage = (usage) => ({
  completion: usage.completion_tokens,
  prompt: usage.prompt_tokens,
  total: usage.total_tokens,
  steps: usage.step_count,
});

const message = (message) => ({
  type: message.message_type,
  id: message.id,
  date: instant(message.date),
  content: message.content,
  name: message.name ?? null,
  otid: message.otid ?? null,
  run: message.run_id ?? null,
  step: message.step_id ?? null,
});

const event = (event) => {
  const type = event.message_type;
  switch (type) {
    case "ping":
      return { type, id: event.id, date: instant(event.date), run: event.run_id ?? null };
    case "stop_reason":
      return { type, reason: event.stop_reason };
    case "usage_statistics":
      return { type, ...usage(event) };
    default:
      return message(event);
  }
};

const response = (response) => ({
  messages: response.messages.map(message),
  reason: response.stop_reason.stop_reason,
  usage: usage(response.usage),
});

/** All that an asynchronous iterator gives. */
const all = async (items, read) => {
  const found = [];
  for await (const item of items) found.push(read(item));
  return found;
};

const calls = {
  "tokens.create": async (client, { body }) => {
    const created = await client.accessTokens.create(body);
    minted.push(created.token);
    return token(created);
  },
  "tokens.list": async (client, { query }) => {
    const page = await client.accessTokens.list(query);
    return { tokens: page.tokens.map(token), more: page.hasNextPage };
  },
  // The client has no method for it.
  "tokens.walk": async (client, { limit }) => {
    const found = [];
    let page = await client.accessTokens.list({ limit });
    found.push(...page.tokens);
    while (page.hasNextPage) {
      page = await client.accessTokens.list({ limit, offset: found.length });
      found.push(...page.tokens);
    }
    return found.map(token);
  },
  "tokens.delete": (client, step) => client.accessTokens.delete(named(step.token)),
  "agents.retrieve": async (client, step) => agent(await client.agents.retrieve(step.agent)),
  "agents.update": async (client, step) => agent(await client.agents.update(step.agent, step.body)),
  "messages.list": async (client, step) =>
    (await client.agents.messages.list(step.agent, step.query)).getPaginatedItems().map(message),
  "messages.walk": (client, step) => all(client.agents.messages.list(step.agent, step.query), message),
  "messages.create": async (client, step) => {
    const answer = await client.agents.messages.create(step.agent, step.body);
    return step.body.streaming ? all(answer, event) : response(answer);
  },
  "messages.stream": async (client, step) =>
    all(await client.agents.messages.stream(step.agent, step.body), event),
};

const results = [];
for (const step of task.steps) {
  const client = new Letta({
    baseURL: task.baseUrl,
    apiKey: typeof step.key === "number" ? minted[step.key] : task.keys[step.key],
    defaultHeaders: step.origin ? { Origin: step.origin } : {},
  });
  try {
    results.push({ understood: (await calls[step.call](client, step)) ?? null });
  } catch (error) {
    // One that comes in a stream has no status, and one of the connection no body.
    if (!(error instanceof APIError && (error.status || error.error))) throw error;
    const status = error.status ?? null;
    results.push({ refused: { class: error.constructor.name, status, message: error.error?.message ?? null } });
  }
}
process.stdout.write(JSON.stringify(results));
