// What the tests need: the service, the application and a browser, as programs of their own.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const built = (name) => fileURLToPath(new URL(`../../target/debug/${name}`, import.meta.url));
const CHAT = process.env.LETTA_TESTS_CHAT ?? built("examples/browser_chat");
const EMULATOR = process.env.LETTA_TESTS_EMULATOR ?? built("letta-emulator");
const CHROMIUM = process.env.LETTA_TESTS_CHROMIUM ?? "/usr/bin/chromium";
/** The folder of another page's scripts, such as the page in Rust. Without it, the application has its page in JavaScript. */
const PAGE = process.env.LETTA_TESTS_CHAT_PAGE || undefined;

/** Whether the page is made of modules that a test can load. A page in Rust is one program. */
export const HAS_MODULES = PAGE === undefined;

/**
 * How the emulator treats tokens: `strict` as by default, or `published-2025` as the service's published source of that
 * year. All tests run with either.
 */
export const TOKEN_RULES = process.env.LETTA_TESTS_TOKEN_RULES ?? "strict";
/** Whether a refusal says why: 403 for what a token does not allow. Otherwise all are 401 without a reason. */
export const SAYS_WHY = TOKEN_RULES === "strict";
/** Whether a token that was used ends when it is deleted, and not when it expires. */
export const DELETION_ENDS = TOKEN_RULES === "strict";

/** Whether a request with a token is refused that comes from another origin than the token was made for. */
export const COMPARES_ORIGIN = TOKEN_RULES === "strict";

/** By which operation of the service a page sends a message, and how its URL ends: the SDK has one for JSON and for events. */
const [sends, ending] = HAS_MODULES ? ["stream_message", "/messages/stream"] : ["send_message_stream", "/messages"];
export const SEND = sends;
/** The URLs of such requests. */
export const SENDING = `**${ending}`;

const OWN_PAGE = PAGE === undefined ? {} : { CHAT_PAGE: PAGE };

/** Longest wait for anything that should happen, in milliseconds. */
const PATIENCE = 60_000;

export const AGENT = "agent-ada";

/** One for all tests of a file. */
let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});
after(() => browser?.close());

/**
 * The emulator as a program, the application in front of it, and a page of its own. All of them end with the
 * test. `tokenSeconds` is how long tokens live, `wordDelay` how long the agent thinks before each word, and
 * `faults` what goes wrong at the service. `hasModules` asks for the page in JavaScript.
 */
export async function start(test, options = {}) {
  const { wordDelay = "1ms", tokenSeconds = 300, faults = [], context: settings = {} } = options;
  const { hasModules = HAS_MODULES } = options;
  const key = `sk-let-${randomBytes(16).toString("hex")}`;
  const emulator = await startProgram(test, EMULATOR, {
    args: [
      ...["--listen", "127.0.0.1:0", "--word-delay", wordDelay, "--agent", `${AGENT}=Ada`],
      ...(TOKEN_RULES === "strict" ? [] : ["--token-rules", TOKEN_RULES]),
      ...faults.flatMap((fault) => ["--fault", fault]),
    ],
    env: { LETTA_EMULATOR_API_KEY: key },
    ready: /listening on (\S+)/,
  });
  const chat = await startProgram(test, CHAT, {
    env: {
      LETTA_API_KEY: key,
      LETTA_BASE_URL: emulator,
      LETTA_AGENT_ID: AGENT,
      LETTA_AGENT_NAME: "Ada",
      CHAT_LISTEN: "127.0.0.1:0",
      CHAT_TOKEN_SECONDS: String(tokenSeconds),
      ...(hasModules ? {} : OWN_PAGE),
    },
    ready: /^Open +(\S+)/m,
  });
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(PATIENCE);
  test.after(() => context.close());
  await tellTokens(context);
  const page = await context.newPage();
  return { origin: chat, service: new Service(emulator, key), key, context, page };
}

/** The emulator alone, and a page of its own. `errors` are what the page complained about, such as a blocked script. */
export async function startEmulator(test, options = []) {
  const key = `sk-let-${randomBytes(16).toString("hex")}`;
  let stop;
  const url = await startProgram(test, EMULATOR, {
    args: ["--listen", "127.0.0.1:0", ...options],
    env: { LETTA_EMULATOR_API_KEY: key },
    ready: /(http:\S+\/_emulator\/#\S+)\n/,
    started: (program) => (stop = () => program.kill()),
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(PATIENCE);
  test.after(() => context.close());
  const page = await context.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  return { url, service: new Service(new URL(url).origin, key), page, errors, stop };
}

/** The application alone, which then has an emulator in its own process. */
export async function startAlone(test, settings = {}) {
  const origin = await startProgram(test, CHAT, {
    env: { CHAT_LISTEN: "127.0.0.1:0", ...OWN_PAGE },
    ready: /^Open +(\S+)/m,
  });
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(PATIENCE);
  test.after(() => context.close());
  return { origin, page: await context.newPage() };
}

/** Runs a program until the test ends. Gives what it says once it is ready. */
function startProgram(test, path, { args = [], env, ready, started = () => {} }) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LETTA|CHAT)_/.test(name));
  const program = spawn(path, args, { env: { ...Object.fromEntries(inherited), ...env } });
  test.after(() => program.kill());
  started(program);
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (data) => {
      said += data;
      const found = ready.exec(said);
      if (found !== null) resolve(found[1]);
    };
    program.stdout.on("data", listen);
    program.stderr.on("data", (data) => (said += data));
    program.on("error", reject);
    program.on("exit", () => reject(new Error(`${path} ended:\n${said}`)));
  });
}

/** The service as the holder of the key sees it. */
class Service {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  async ask(method, path, body) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} is answered ${answer.status}`);
    return answer.status === 204 ? null : answer.json();
  }

  mint(hostname, access = ["read_messages", "write_messages"], milliseconds = undefined) {
    const policy = [{ type: "agent", id: AGENT, access }];
    const expires_at = milliseconds && new Date(Date.now() + milliseconds).toISOString();
    return this.ask("POST", "/v1/client-side-access-tokens", { hostname, policy, expires_at });
  }

  revoke(token) {
    return this.ask("DELETE", `/v1/client-side-access-tokens/${encodeURIComponent(token)}`);
  }

  /** Whether the service knows a token that has not expired. */
  async isAnyLive() {
    const { tokens } = await this.ask("GET", "/_emulator/state");
    return tokens.some((token) => token.live);
  }

  /** How many requests of an operation reached the service, by how it answered: `{"200": 2, "401": 1}`. */
  async answers(operation) {
    const { requests } = await this.ask("GET", "/_emulator/state");
    return requests[operation] ?? {};
  }

  /** What the user said to the agent, oldest first. */
  async said() {
    const messages = await this.ask("GET", `/v1/agents/${AGENT}/messages?order=asc`);
    return messages.filter((m) => m.message_type === "user_message").map((m) => m.content);
  }
}

/** An origin of somebody else's, with an empty page. Ends with the test. */
export async function startOtherSite(test) {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html" });
    answer.end("<!doctype html><title>Elsewhere</title>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Signs in, and waits for the conversation. */
export async function signIn(page, origin, name = "Ada") {
  await page.goto(origin);
  await page.getByRole("button", { name, exact: true }).click();
  await state(page, "ready");
}

/** Waits until the page is in this state. */
export function state(page, name) {
  return page.locator(`#app[data-state="${name}"]`).waitFor();
}

/** Types a message, and sends it by Enter. */
export async function say(page, text) {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.keyboard.press("Enter");
}

/** Says something, and waits for the whole answer. */
export async function converse(page, text) {
  const answers = bubbles(page, "agent");
  const before = await answers.count();
  await say(page, text);
  await answers.nth(before).filter({ hasText: text.split("\n")[0] }).waitFor();
  await state(page, "ready");
}

export function bubbles(page, from) {
  return page.locator(`[data-from="${from}"] [data-testid="bubble"]`);
}

export function notice(page) {
  return page.getByTestId("notice");
}

export function watchPage(page) {
  return page.evaluate(() => {
    const app = document.getElementById("app");
    const seen = { states: [], access: [], texts: [] };
    window.seen = seen;
    const note = () => {
      const { state, access } = app.dataset;
      if (seen.states.at(-1) !== state) seen.states.push(state);
      if (seen.access.at(-1) !== access) seen.access.push(access);
      const text = [...document.querySelectorAll('[data-from="agent"] .bubble')].at(-1)?.textContent;
      if (text && seen.texts.at(-1) !== text) seen.texts.push(text);
    };
    note();
    const everything = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(note).observe(app, everything);
  });
}

/** Has the pages of a context tell of the tokens that they are given, before they have them. */
async function tellTokens(context) {
  await context.exposeBinding("tellToken", ({ page }, token) => {
    watched.get(page)?.push({ ...token, arrived: Date.now() });
  });
  await context.addInitScript(() => {
    const { fetch, tellToken } = window;
    window.fetch = async (input, options) => {
      const answer = await fetch(input, options);
      const asked = new URL(input instanceof Request ? input.url : input, location);
      // A browser need not keep the body of an answer that the page is done with.
      if (asked.pathname === "/api/letta-token" && answer.ok) await tellToken(await answer.clone().json());
      return answer;
    };
  });
}

/** The tokens of each page that is watched. */
const watched = new WeakMap();

/** The tokens that the page is given, in order, from now on. */
export function watchTokens(page) {
  const tokens = [];
  watched.set(page, tokens);
  return {
    tokens,
    /** The token of this place, once it is there. */
    at: (place) => until(() => tokens[place], `token ${place}`),
  };
}

/** Waits until `found` gives something, and gives that. `what` is a text, or makes one at the end. */
export async function until(found, what) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const result = await found();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks for another page of the application's in the same browser. */
export async function openTab(context, origin) {
  const tab = await context.newPage();
  await tab.goto(origin);
  return tab;
}

/** How often pages ask the application for a token, from now on, and how often they say that one was refused. */
export function watchRenewals(context) {
  const renewals = { all: 0, refused: 0 };
  context.on("request", (request) => {
    if (!request.url().endsWith("/api/letta-token")) return;
    renewals.all += 1;
    if (request.headers()["letta-token-refused"]) renewals.refused += 1;
  });
  return renewals;
}

/** Waits for an answer to the page, so that the requests that it made before have been told, in their order. */
export function settle(page) {
  return page.evaluate(async () => {
    await fetch("/api/session");
  });
}

/**
 * Has a page that is opened later get the first words of each answer, and the rest once this is called that it gives: so
 * that an answer is under way for as long as the test wants.
 */
export async function holdAnswers(page) {
  await page.addInitScript((ending) => {
    const { fetch } = window;
    const released = new Promise((resolve) => (window.releaseAnswers = resolve));
    window.fetch = async (input, options) => {
      // A page asks by a URL and options, or by a request.
      const { url, signal } = input instanceof Request ? input : { url: String(input), ...options };
      const answer = await fetch(input, options);
      if (!url.endsWith(ending) || !answer.ok) return answer;
      let hasBegun = false;
      // As the body of an answer itself, this ends when the page gives up.
      const aborted = new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      aborted.catch(() => {});
      const split = new TransformStream({
        async transform(text, controller) {
          // Event by event, in whatever pieces they arrive.
          for (const piece of text.split(/(?<=\n\n)/)) {
            if (hasBegun) await Promise.race([released, aborted]);
            hasBegun ||= piece.includes("assistant_message");
            controller.enqueue(piece);
          }
        },
      });
      const body = answer.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(split)
        .pipeThrough(new TextEncoderStream());
      const { status, headers, url: from } = answer;
      // One that a script makes has no URL of its own.
      return Object.defineProperty(new Response(body, { status, headers }), "url", { value: from });
    };
  }, ending);
  return () => page.evaluate(() => window.releaseAnswers());
}
