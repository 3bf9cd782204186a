// Talks to one agent at the service, with the page's token.

import { readEvents } from "./events.js";
import { Failure, retryAfter } from "./failure.js";
import { oldestFirst } from "./history.js";

const TIMEOUT = 30_000;
/** The service sends a sign of life after 20 seconds of silence. */
const LONGEST_SILENCE = 60_000;
/** How long to wait for the end of the connection, after the end of the answer. */
const LONGEST_END = 1_000;
/** All that is known about a 401. */
const ACCESS_REFUSED =
  "The service refused this page’s access. It may have expired or been revoked, or it may not allow this. " +
  "The service does not say which.";

export class Agent {
  #url;
  #access;

  constructor(service, id, access) {
    this.#url = `${service}/v1/agents/${encodeURIComponent(id)}/messages`;
    this.#access = access;
  }

  /**
   * The last messages of the user's and the agent's, oldest first: `{id, otid, from, text}`. `mayBeMore` says that
   * there may be earlier ones.
   */
  async history(limit = 50) {
    const { answer, done } = await this.#ask(`${this.#url}?order=desc&limit=${limit}`, {
      signal: AbortSignal.timeout(TIMEOUT),
    });
    try {
      const all = await answer.json();
      const messages = oldestFirst(all).map(fromWire).filter((message) => message !== null);
      return { messages, mayBeMore: all.length >= limit };
    } catch (cause) {
      throw new Failure("lost", "The conversation could not be read.", { cause });
    } finally {
      done();
    }
  }

  /**
   * Sends a message, and yields what the agent does, as it does it: `{type: "text", id, text}`, a piece of an
   * answer; `{type: "activity", text}`, its activity; `{type: "end", reason}`.
   *
   * `otid` is the page's own ID of the message, by which it can be found in the history.
   */
  async *send(text, otid, signal) {
    const silence = new AbortController();
    let timer = 0;
    const waitFor = (time) => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), time);
    };
    waitFor(LONGEST_SILENCE);
    signal.addEventListener("abort", () => silence.abort(), { once: true });
    let done = () => {};
    let isWhole = false;
    try {
      let answer;
      ({ answer, done } = await this.#ask(`${this.#url}/stream`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({
          messages: [{ role: "user", content: text, otid }],
          stream_tokens: true,
        }),
        signal: silence.signal,
      }));
      for await (const event of readEvents(answer.body)) {
        isWhole ||= event.data === "[DONE]";
        waitFor(isWhole ? LONGEST_END : LONGEST_SILENCE);
        const step = isWhole ? null : read(event);
        if (step !== null) yield step;
      }
      if (!isWhole) throw new Failure("lost", "The answer broke off.");
    } catch (cause) {
      if (isWhole) return;
      if (cause instanceof Failure || signal.aborted) throw cause;
      throw new Failure("lost", "The connection to the service broke.", { cause });
    } finally {
      clearTimeout(timer);
      done();
    }
  }

  /** Sends a request with a token, and if that is refused, once more with another one. */
  async #ask(url, request) {
    let token = await unsent(this.#access.token());
    for (let refusals = 0; ; ) {
      const answer = await this.#fetch(url, request, token);
      if (answer.ok) {
        this.#access.accept(token);
        return { answer, done: () => answer.body?.cancel().catch(() => {}) };
      }
      if (answer.status !== 401) throw await failureOf(answer);
      answer.body?.cancel().catch(() => {});
      refusals += 1;
      // A request that is refused was not carried out: the service looks at who asks before it does anything. So it may
      // be sent again, a message too. Once: if the token does not allow it, the next one does not either.
      token = refusals === 1 ? await unsent(this.#access.replace(token)) : this.#access.giveUp(token);
      if (token === null) throw new Failure("access-refused", ACCESS_REFUSED, { isUnsent: true });
    }
  }

  async #fetch(url, request, token) {
    try {
      return await fetch(url, {
        ...request,
        headers: { accept: "application/json", ...request.headers, authorization: `Bearer ${token}` },
        // The token says who asks. A cookie must not.
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
      });
    } catch (cause) {
      if (request.signal.aborted && request.signal.reason?.name === "AbortError") throw cause;
      this.#access.doubt(token);
      throw new Failure("lost", "This page got no answer from the service.", { cause });
    }
  }
}

/** A failure before anything is sent, or after a refusal, means that the request was not carried out. */
async function unsent(token) {
  try {
    return await token;
  } catch (failure) {
    failure.isUnsent = true;
    throw failure;
  }
}

async function failureOf(answer) {
  const message = messageOf(await answer.json().catch(() => null));
  const status = answer.status;
  if (status === 429) {
    // A page may read this header only if the service exposes it by CORS.
    const wait = retryAfter(answer.headers) ?? 5;
    return new Failure("limited", "The service has had too many requests.", { retryAfter: wait, isUnsent: true });
  }
  if (status === 403) {
    return new Failure("refused", message ?? "This access does not allow it.", { isUnsent: true });
  }
  if (status === 408 || status >= 500) {
    return new Failure("failed", "The service is in trouble.", { cause: message });
  }
  return new Failure("refused", message ?? `The service answered with status ${status}.`, { isUnsent: true });
}

/** The service has four forms of errors. */
function messageOf(body) {
  const candidates = [body?.message, body?.detail, body?.detail?.message, body?.error?.message];
  return candidates.find((candidate) => typeof candidate === "string" && candidate !== "");
}

function fromWire(message) {
  const from = { user_message: "user", assistant_message: "agent" }[message?.message_type];
  const text = textOf(message?.content);
  return from === undefined || text === "" ? null : { id: message.id, otid: message.otid, from, text };
}

/** The content is a text, or a list of parts, some of which are text. */
function textOf(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (typeof part?.text === "string" ? part.text : "")).join("");
}

/** The meaning of an event for the user. Most events have none. */
function read(event) {
  let message;
  try {
    message = JSON.parse(event.data);
  } catch (cause) {
    throw new Failure("lost", "The answer cannot be read.", { cause });
  }
  if (event.type === "error" || message?.message_type === "error_message") {
    throw new Failure("failed", messageOf(message) ?? "The agent could not answer.");
  }
  switch (message?.message_type) {
    case "assistant_message":
      return { type: "text", id: message.id, text: textOf(message.content) };
    case "reasoning_message":
    case "hidden_reasoning_message":
      return { type: "activity", text: "is thinking" };
    case "tool_call_message":
      return { type: "activity", text: "is looking something up" };
    case "approval_request_message":
      return { type: "activity", text: "waits for an approval, which this page cannot give" };
    case "stop_reason":
      return { type: "end", reason: message.stop_reason };
    default:
      return null;
  }
}
