// What must not leave where it belongs: the API key, the token, and the use of a token.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AGENT,
  COMPARES_ORIGIN,
  converse,
  signIn,
  start,
  startOtherSite,
  state,
  until,
  watchTokens,
} from "./harness.mjs";

test("the API key never reaches the browser, and the token is in no storage and no URL", async (t) => {
  const { origin, key, context, page } = await start(t, { tokenSeconds: 10 });
  const tokens = watchTokens(page);
  const crossed = [];
  const urls = [];
  const bodies = [];
  page.on("request", (request) => {
    urls.push(request.url());
    const headers = request.allHeaders().catch(() => request.headers());
    crossed.push(headers.then((sent) => JSON.stringify([request.url(), sent, request.postData()])));
  });
  page.on("response", (answer) => {
    crossed.push(answer.allHeaders().then((headers) => JSON.stringify(headers)));
    const body = answer.finished().then(() => answer.text());
    // A redirect has none.
    bodies.push(body.catch(() => ""));
  });
  await signIn(page, origin);
  await converse(page, "Tell me a secret");
  await tokens.at(1);
  await converse(page, "Tell me another");
  await page.reload();
  await state(page, "ready");
  await tokens.at(2);

  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const caches = (await window.caches?.keys()) ?? [];
    return JSON.stringify({
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases,
      caches,
      name: window.name,
      history: history.state,
      document: document.documentElement.outerHTML,
      globals: Object.keys(window).filter((name) => typeof window[name] === "string").map((name) => window[name]),
    });
  });
  const cookies = JSON.stringify(await context.cookies());
  const all = [...(await Promise.all([...crossed, ...bodies])), kept, cookies].join("\n");
  const secrets = tokens.tokens.map(({ token }) => token);

  // The search would find what is there: in bodies, headers and the page.
  for (const there of [...secrets, `Bearer ${secrets[0]}`, "You are signed out.", "letta_chat_session"]) {
    assert.ok(all.includes(there), "the search is blind");
  }
  assert.ok(kept.includes("Tell me a secret"), "the search is blind");

  // A program may know what a key begins with.
  assert.ok(!all.includes(key) && !/sk-let-[0-9a-f]{16}/.test(all), "the key has crossed");
  assert.ok(!all.includes(Buffer.from(key).toString("base64").replaceAll("=", "")));
  for (const token of secrets) {
    assert.ok(!kept.includes(token) && !cookies.includes(token), "a token is kept");
    assert.ok(!urls.some((url) => url.includes(token)), "a token is in a URL");
  }
  const [cookie, ...others] = await context.cookies();
  assert.deepEqual(others, []);
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict" && cookie.path === "/" && cookie.expires > 0);
});

/** Sends a message from another site, and waits until the service has answered so many of the requests for it. */
async function sendFrom(context, site, service, token, answers) {
  const page = await context.newPage();
  await page.goto(site);
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  // Chromium tells of a request and of its answer through two processes, so either may be told first.
  const methods = new Map();
  const codes = new Map();
  let blocked;
  wire.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.url.startsWith(service.url)) methods.set(requestId, request.method);
  });
  // Told of answers too that the page may not read.
  wire.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => codes.set(requestId, statusCode));
  const failed = [];
  wire.on("Network.loadingFailed", ({ requestId, errorText, corsErrorStatus }) => {
    failed.push([requestId, errorText]);
    blocked ??= corsErrorStatus?.corsError;
  });
  const statuses = () => [...codes].filter(([id]) => methods.has(id)).map(([id, code]) => [methods.get(id), code]);
  const url = `${service.url}/v1/agents/${AGENT}/messages`;
  const result = await page.evaluate(
    async ({ url, token }) => {
      try {
        const answer = await fetch(url, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ messages: [{ role: "user", content: "from elsewhere" }] }),
        });
        return answer.status;
      } catch (error) {
        return error.name;
      }
    },
    { url, token },
  );
  const told = () => JSON.stringify({ result, blocked, failed, methods: [...methods], codes: [...codes] });
  await until(() => blocked && statuses().length >= answers, () => `the browser's reason, and the answers: ${told()}`);
  await page.close();
  return { result, statuses: statuses(), blocked };
}

test("a page of an origin that no token was made for is refused at the preflight", async (t) => {
  const { origin, service, context, page } = await start(t);
  const tokens = watchTokens(page);
  await signIn(page, origin);
  const site = await startOtherSite(t);
  const { result, statuses, blocked } = await sendFrom(context, site, service, (await tokens.at(0)).token, 1);
  assert.equal(result, "TypeError");
  assert.deepEqual(statuses, [["OPTIONS", 403]]);
  assert.match(blocked, /^Preflight/);
  assert.deepEqual(await service.said(), []);
  // The token itself is good.
  await converse(page, "from here");
  assert.deepEqual(await service.said(), ["from here"]);
});

test("a page of an origin that has a token of its own does not get the answer to another's", async (t) => {
  const { origin, service, context, page } = await start(t);
  const tokens = watchTokens(page);
  await signIn(page, origin);
  const site = await startOtherSite(t);
  await service.mint(site, ["read_messages", "write_messages"]);
  const { result, statuses, blocked } = await sendFrom(context, site, service, (await tokens.at(0)).token, 2);
  assert.equal(result, "TypeError");
  assert.equal(blocked, "MissingAllowOriginHeader");
  // A service that compares no origin does what was asked, and the browser alone keeps the answer from the page. So a
  // token's origin protects nothing from whoever has the token.
  assert.deepEqual(statuses, [["OPTIONS", 200], ["POST", COMPARES_ORIGIN ? 403 : 200]]);
  const said = COMPARES_ORIGIN ? [] : ["from elsewhere"];
  assert.deepEqual(await service.said(), said);
  await converse(page, "from here");
  assert.deepEqual(await service.said(), [...said, "from here"]);
});
