// What the page does when the service refuses its token. A 401 has no reason that a page may rely on: the token has expired,
// was deleted, or does not allow what was asked. So the page renews it once, and gives up if the next one is refused too.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AGENT,
  DELETION_ENDS,
  HAS_MODULES,
  SAYS_WHY,
  SEND,
  bubbles,
  converse,
  holdAnswers,
  notice,
  openTab,
  say,
  signIn,
  start,
  state,
  until,
  watchPage,
  watchRenewals,
  watchTokens,
} from "./harness.mjs";

const LIST = "list_messages";
const REFUSED =
  "The service refused this page’s access. It may have expired or been revoked, or it may not allow this. " +
  "The service does not say which.";
/** So that a third of a token's life, in which the application replaces it once, does not end during a test. */
const LONG = 86_400;
const TOKEN = "**/api/letta-token";

/** Has the application's first answers to a page be these, and then its own again. */
async function answerFirst(page, ...answers) {
  const left = [...answers];
  await page.route(TOKEN, (route) => {
    const answer = left.shift();
    return answer === undefined ? route.continue() : route.fulfill(answer);
  });
}

const given = ({ token, expiresAt }) => ({ json: { token, expiresAt, expiresIn: 300 } });

/** An hour of the page's clock, and all that may wake it up. Nothing must come of it. */
async function wait(page) {
  for (let times = 0; times < 12; times += 1) await page.clock.fastForward("05:00");
  await page.evaluate(async () => {
    document.dispatchEvent(new Event("visibilitychange"));
    // Requests of the page are told in their order, so that those before this one have been counted.
    await fetch("/api/session");
  });
}

function message(page, text) {
  return page.locator('[data-from="user"]').filter({ hasText: text });
}

async function isUnsent(page, text) {
  await message(page, text).and(page.locator('[data-state="failed"]')).getByText("Not sent", { exact: true }).waitFor();
}

test("a token that was deleted before it was used is renewed, and the user does not notice", async (t) => {
  const { origin, service, context, page } = await start(t);
  const renewals = watchRenewals(context);
  const minted = await service.mint(origin);
  await service.revoke(minted.token);
  await answerFirst(page, given(minted));
  await signIn(page, origin);
  assert.deepEqual(await service.answers(LIST), { 200: 1, 401: 1 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
  await converse(page, "Hello");
  assert.deepEqual(await service.said(), ["Hello"]);
  assert.deepEqual(await service.answers(SEND), { 200: 1 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
});

test("a token that was used and then deleted is renewed where that ends it, and works where it does not", async (t) => {
  const { origin, service, context, page } = await start(t);
  const renewals = watchRenewals(context);
  const tokens = watchTokens(page);
  await signIn(page, origin);
  await converse(page, "before");
  await service.revoke((await tokens.at(0)).token);
  await watchPage(page);
  await converse(page, "after");
  assert.deepEqual(await service.said(), ["before", "after"]);
  assert.deepEqual(await service.answers(SEND), DELETION_ENDS ? { 200: 2, 401: 1 } : { 200: 2 });
  assert.equal(renewals.refused, DELETION_ENDS ? 1 : 0);
  const { states } = await page.evaluate(() => window.seen);
  assert.deepEqual(states, ["ready", "waiting", "streaming", "ready"]);
});

test("a token that has expired earlier than the page was told is renewed, and the user does not notice", async (t) => {
  const { origin, service, context, page } = await start(t);
  const renewals = watchRenewals(context);
  const minted = await service.mint(origin, undefined, 3_000);
  await until(async () => !(await service.isAnyLive()), "the token to expire");
  await answerFirst(page, given(minted));
  await signIn(page, origin);
  assert.deepEqual(await service.answers(LIST), { 200: 1, 401: 1 });
  await converse(page, "Hello");
  assert.deepEqual(await service.said(), ["Hello"]);
  assert.deepEqual(await service.answers(SEND), { 200: 1 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
});

test("a refusal that passes by costs one renewal, and the message is said once", async (t) => {
  const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${SEND},times=1`] });
  const renewals = watchRenewals(context);
  const tokens = watchTokens(page);
  await signIn(page, origin);
  await converse(page, "Hello");
  assert.deepEqual(await service.said(), ["Hello"]);
  assert.deepEqual(await service.answers(SEND), { 200: 1, 401: 1 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
  assert.notEqual((await tokens.at(0)).token, (await tokens.at(1)).token);
});

test("a second refusal is said so in words that claim no reason; the page stops, and the message is kept", async (t) => {
  const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${SEND},times=3`] });
  const renewals = watchRenewals(context);
  await page.clock.install();
  await signIn(page, origin);
  await say(page, "Hello");
  await state(page, "access-refused");
  assert.equal(await page.getByTestId("notice-text").textContent(), REFUSED);
  assert.equal(await page.getByTestId("access").textContent(), "Access was refused");
  await isUnsent(page, "Hello");
  assert.deepEqual(await service.answers(SEND), { 401: 2 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
  assert.deepEqual(await service.said(), []);

  // Nothing goes on by itself.
  const read = await service.answers(LIST);
  await wait(page);
  assert.deepEqual(await service.answers(SEND), { 401: 2 });
  assert.deepEqual(await service.answers(LIST), read);
  assert.deepEqual(renewals, { all: 2, refused: 1 });

  // The user may try: once for a click. The application has the same token still, which gets one more try.
  await page.getByRole("button", { name: "Try again" }).click();
  await until(() => renewals.all === 3, "a renewal");
  await state(page, "access-refused");
  await isUnsent(page, "Hello");
  assert.deepEqual(await service.answers(SEND), { 401: 3 });
  await wait(page);
  assert.deepEqual(await service.answers(SEND), { 401: 3 });
  assert.deepEqual(renewals, { all: 3, refused: 2 });

  // The service is itself again.
  await page.getByRole("button", { name: "Try again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: Hello" }).waitFor();
  await state(page, "ready");
  assert.deepEqual(await service.answers(SEND), { 200: 1, 401: 3 });
  assert.deepEqual(await service.said(), ["Hello"]);
  assert.equal(await notice(page).isVisible(), false);
  assert.equal(await page.getByText("Not sent").isVisible(), false);
});

/** Begins with a page whose tokens allow it to read and not to write. */
async function startAsReader(t) {
  const all = await start(t);
  const { origin, service, context, page } = all;
  const renewals = watchRenewals(context);
  await page.clock.install();
  const minted = [];
  await page.route(TOKEN, async (route) => {
    minted.push(await service.mint(origin, ["read_messages"]));
    await route.fulfill(given(minted.at(-1)));
  });
  await signIn(page, origin);
  await say(page, "May I?");
  return { ...all, renewals, minted };
}

if (SAYS_WHY) test("what a token does not allow is said so, and asked again by nobody but the user", async (t) => {
  const { service, page, renewals } = await startAsReader(t);
  await state(page, "failed");
  await notice(page).getByText("does not give `write_messages`").waitFor();
  // Another token would have the same policy.
  const isDone = async () => {
    assert.deepEqual(await service.answers(SEND), { 403: 1 });
    assert.deepEqual(renewals, { all: 1, refused: 0 });
  };
  await isDone();
  await page.clock.runFor(60_000);
  await isDone();
  await isUnsent(page, "May I?");
  assert.equal(await page.getByRole("button", { name: "Try again" }).isVisible(), false);
  await page.getByRole("button", { name: "Edit" }).click();
  assert.equal(await page.getByRole("textbox", { name: "Message" }).inputValue(), "May I?");
  assert.equal(await page.getByTestId("message").count(), 0);
  assert.deepEqual(await service.said(), []);
});

if (!SAYS_WHY) test("what is refused without a reason is asked again by nobody but the user", async (t) => {
  const { service, page, renewals, minted } = await startAsReader(t);
  await state(page, "access-refused");
  assert.equal(await page.getByTestId("notice-text").textContent(), REFUSED);
  assert.deepEqual(await service.answers(SEND), { 401: 2 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
  assert.notEqual(minted[0].token, minted[1].token);
  await wait(page);

  // The next message gets one try. Both are kept.
  await say(page, "And now?");
  await until(() => renewals.all === 3, "a renewal");
  await isUnsent(page, "And now?");
  await isUnsent(page, "May I?");
  await wait(page);
  assert.deepEqual(await service.answers(SEND), { 401: 3 });
  assert.deepEqual(renewals, { all: 3, refused: 2 });

  // With a token that allows it, each can be sent.
  await page.unroute(TOKEN);
  await message(page, "May I?").getByRole("button", { name: "Send again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: May I?" }).waitFor();
  await state(page, "ready");
  await isUnsent(page, "And now?");
  await message(page, "And now?").getByRole("button", { name: "Send again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: And now?" }).waitFor();
  await state(page, "ready");
  assert.deepEqual(await service.said(), ["May I?", "And now?"]);
  const shown = await page.getByTestId("bubble").allTextContents();
  assert.deepEqual(shown, ["May I?", "You said: May I?", "And now?", "You said: And now?"]);
});

test("the very same token is not tried again after it was refused", async (t) => {
  const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${SEND}`] });
  const renewals = watchRenewals(context);
  const minted = await service.mint(origin);
  await page.route(TOKEN, (route) => route.fulfill(given(minted)));
  await page.clock.install();
  await signIn(page, origin);
  for (const times of [1, 2]) {
    await say(page, `for the time ${times}`);
    await until(() => renewals.all === times + 1, "a renewal");
    await isUnsent(page, `for the time ${times}`);
    await state(page, "access-refused");
    await wait(page);
    assert.deepEqual(await service.answers(SEND), { 401: times });
    assert.deepEqual(renewals, { all: times + 1, refused: times });
  }
});

test("a conversation that may not be read is not asked for in a loop, nor after a reload, nor in two tabs", async (t) => {
  const { origin, service, context, page } = await start(t, { tokenSeconds: LONG, faults: [`status=401,on=${LIST}`] });
  const renewals = watchRenewals(context);
  await page.clock.install();
  await page.goto(origin);
  await page.getByRole("button", { name: "Ada", exact: true }).click();
  await state(page, "access-refused");
  await notice(page).getByText(REFUSED).waitFor();
  assert.deepEqual(await service.answers(LIST), { 401: 2 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });

  // The application has just replaced the token, and gives the same one until a third of its life is over. So a page
  // that is loaded asks once, and asks for another token in vain.
  await page.reload();
  await state(page, "access-refused");
  assert.deepEqual(await service.answers(LIST), { 401: 3 });
  assert.deepEqual(renewals, { all: 4, refused: 2 });
  const other = await openTab(context, origin);
  await other.clock.install();
  await state(other, "access-refused");
  assert.deepEqual(await service.answers(LIST), { 401: 4 });
  assert.deepEqual(renewals, { all: 6, refused: 3 });

  // Neither of them wakes up the other.
  for (const tab of [page, other, page]) await wait(tab);
  assert.deepEqual(await service.answers(LIST), { 401: 4 });
  assert.deepEqual(renewals, { all: 6, refused: 3 });
  await page.getByRole("button", { name: "Try again" }).click();
  await until(async () => (await service.answers(LIST))[401] === 5, "one more request");
  await state(page, "access-refused");
  for (const tab of [page, other, page]) await wait(tab);
  assert.deepEqual(await service.answers(LIST), { 401: 5 });
  assert.deepEqual(renewals, { all: 7, refused: 4 });
  // The application has asked the service twice for a token: once, and once more for the one that was refused.
  assert.deepEqual(await service.answers("create_client_side_access_token"), { 201: 2 });
});

test("tabs whose token ended all get the one that takes its place, and none takes another's away", async (t) => {
  const faults = [`status=401,on=${SEND},times=2`];
  const { origin, service, context, page } = await start(t, { tokenSeconds: LONG, faults });
  const renewals = watchRenewals(context);
  const tokens = watchTokens(page);
  await signIn(page, origin);
  const other = await context.newPage();
  const othersTokens = watchTokens(other);
  await other.goto(origin);
  await state(other, "ready");
  const { token } = await tokens.at(0);
  assert.equal((await othersTokens.at(0)).token, token);
  // Both are refused before either has another token.
  const texts = { page: "from one", other: "from the other" };
  let release;
  const released = new Promise((resolve) => (release = resolve));
  let asked = 0;
  await context.route(TOKEN, async (route) => {
    asked += 1;
    await released;
    await route.continue();
  });
  await say(page, texts.page);
  await say(other, texts.other);
  await until(() => asked === 2, "both to ask");
  release();
  for (const [tab, text] of [[page, texts.page], [other, texts.other]]) {
    await bubbles(tab, "agent").filter({ hasText: `You said: ${text}` }).waitFor();
    await state(tab, "ready");
  }
  const [one, two] = [await tokens.at(1), await othersTokens.at(1)];
  assert.notEqual(one.token, token);
  assert.equal(one.token, two.token);
  await converse(page, "once more");
  await converse(other, "me too");
  assert.deepEqual(await service.answers(SEND), { 200: 4, 401: 2 });
  assert.deepEqual(renewals, { all: 4, refused: 2 });
  assert.deepEqual(await service.answers("create_client_side_access_token"), { 201: 2 });
});

/** Two requests at once by the page's own modules, with one `Access`. Gives what became of them. */
function askTwice(page, service, routine) {
  return page.evaluate(
    async ({ url, agent, routine }) => {
      const { Access } = await import("/access.js");
      const { Agent } = await import("/agent.js");
      const access = new Access();
      const client = new Agent(url, agent, access);
      await access.token();
      const first = client.history();
      // It is time, in a moment in which nobody knows of the refusal yet.
      if (routine) access.renew();
      const outcomes = await Promise.allSettled([first, client.history()]);
      return { state: access.state, outcomes: outcomes.map(({ status, reason }) => reason?.kind ?? status) };
    },
    { url: service.url, agent: AGENT, routine },
  );
}

for (const routine of HAS_MODULES ? [false, true] : []) {
  const during = routine ? ", also while one is under way that knows of no refusal" : "";
  test(`two requests that are refused at once lead to one renewal${during}`, async (t) => {
    const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${LIST},times=2`] });
    // So that the page itself asks for nothing.
    await page.goto(`${origin}/sign-in`);
    await page.evaluate(() =>
      fetch("/sign-in", { method: "POST", body: new URLSearchParams({ name: "Ada" }), redirect: "manual" }),
    );
    const renewals = watchRenewals(context);
    const outcome = await askTwice(page, service, routine);
    assert.deepEqual(outcome, { state: "live", outcomes: ["fulfilled", "fulfilled"] });
    assert.deepEqual(await service.answers(LIST), { 200: 2, 401: 2 });
    assert.deepEqual(renewals, { all: routine ? 3 : 2, refused: 1 });
  });
}

if (HAS_MODULES) test("two requests that are refused twice lead to one renewal, and both say so", async (t) => {
  const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${LIST}`] });
  await page.goto(`${origin}/sign-in`);
  await page.evaluate(() =>
    fetch("/sign-in", { method: "POST", body: new URLSearchParams({ name: "Ada" }), redirect: "manual" }),
  );
  const renewals = watchRenewals(context);
  const { state, outcomes } = await askTwice(page, service, false);
  assert.equal(state, "refused");
  assert.deepEqual(outcomes, ["access-refused", "access-refused"]);
  assert.deepEqual(await service.answers(LIST), { 401: 4 });
  assert.deepEqual(renewals, { all: 2, refused: 1 });
});

test("an answer that has begun goes on while its token is deleted, and another tab renews", async (t) => {
  const { origin, service, context, page } = await start(t);
  const tokens = watchTokens(page);
  const release = await holdAnswers(page);
  await signIn(page, origin);
  const words = Array.from({ length: 60 }, (_, place) => `word${place}`).join(" ");
  await say(page, words);
  await state(page, "streaming");
  const { token } = await tokens.at(0);
  await service.revoke(token);
  const other = await context.newPage();
  const others = watchTokens(other);
  // So that the other one says that its token was refused.
  await other.route("**/messages?**", (route) => route.fulfill({ status: 401, json: { message: "no" } }), { times: 1 });
  await other.goto(origin);
  await state(other, "ready");
  assert.notEqual((await others.at(1)).token, token);
  assert.ok(!(await bubbles(page, "agent").textContent()).includes("word59"));
  await release();
  await bubbles(page, "agent").filter({ hasText: "word59" }).waitFor();
  await state(page, "ready");
  assert.equal(await bubbles(page, "agent").textContent(), `You said: ${words}`);
});

test("a renewal that fails after a refusal leaves the message unsent, and trying again sends it once", async (t) => {
  for (const [answer, shown, name] of [
    [{ status: 503, json: { detail: "The service did not give access." } }, "The service did not give access.", "failed"],
    [{ status: 429, headers: { "retry-after": "1" }, json: { detail: "Too many at once." } }, "Too many at once.", "limited"],
  ]) {
    const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${SEND},times=1`] });
    await signIn(page, origin);
    const renewals = watchRenewals(context);
    await answerFirst(page, answer);
    await say(page, "Hello");
    await state(page, name);
    await notice(page).getByText(shown).waitFor();
    await isUnsent(page, "Hello");
    assert.deepEqual(await service.answers(SEND), { 401: 1 });
    const read = await service.answers(LIST);
    await page.getByRole("button", { name: "Try again", exact: true }).click();
    await bubbles(page, "agent").filter({ hasText: "You said: Hello" }).waitFor();
    // It is known that it did not arrive: nobody looks.
    assert.deepEqual(await service.answers(LIST), read);
    assert.deepEqual(await service.answers(SEND), { 200: 1, 401: 1 });
    assert.deepEqual(renewals, { all: 2, refused: 2 });
    assert.deepEqual(await service.said(), ["Hello"]);
  }
});

test("a refusal that the page may not read is a failed connection to it; the next try begins with another token", async (t) => {
  const { origin, service, context, page } = await start(t);
  await signIn(page, origin);
  const renewals = watchRenewals(context);
  const tokens = watchTokens(page);
  // As of a service that knows a page's origin by its token: without the token, there is nobody to allow to read.
  let refused;
  await page.route("**/messages**", (route) => {
    const { authorization } = route.request().headers();
    refused ??= authorization;
    if (authorization !== refused) return route.continue();
    return route.fulfill({ status: 401, headers: { "access-control-allow-origin": "https://nobody.example" } });
  });
  await say(page, "Hello");
  await state(page, "failed");
  await notice(page).getByText("This page got no answer from the service.").waitFor();
  // It may have arrived, for all that the page knows.
  await message(page, "Hello").getByText("Not answered").waitFor();
  assert.deepEqual(renewals, { all: 0, refused: 0 });
  await page.getByRole("button", { name: "Try again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: Hello" }).waitFor();
  assert.deepEqual(renewals, { all: 1, refused: 1 });
  assert.notEqual(`Bearer ${(await tokens.at(0)).token}`, refused);
  assert.deepEqual(await service.said(), ["Hello"]);
});

test("tokens that live for no time are not fetched by a timer", async (t) => {
  const { origin, context, service, page } = await start(t);
  const renewals = watchRenewals(context);
  const minted = await service.mint(origin);
  await page.clock.install();
  await page.route(TOKEN, (route) =>
    route.fulfill({ json: { token: minted.token, expiresAt: minted.expiresAt, expiresIn: 0 } }),
  );
  await page.goto(origin);
  await page.getByRole("button", { name: "Ada", exact: true }).click();
  await state(page, "expired");
  assert.equal(renewals.all, 1);
  await wait(page);
  assert.equal(renewals.all, 1);
  await say(page, "Hello");
  await bubbles(page, "agent").filter({ hasText: "You said: Hello" }).waitFor();
  await wait(page);
  assert.equal(renewals.all, 2);
});

test("a token that lives for years sets no timer that ends at once", async (t) => {
  const { origin, service, page } = await start(t);
  await page.addInitScript(() => {
    const { setTimeout } = window;
    window.longest = 0;
    window.setTimeout = (action, wait, ...rest) => {
      window.longest = Math.max(window.longest, wait ?? 0);
      return setTimeout(action, wait, ...rest);
    };
  });
  const { token, expiresAt } = await service.mint(origin);
  await page.route(TOKEN, (route) => route.fulfill({ json: { token, expiresAt, expiresIn: 100_000_000 } }));
  await signIn(page, origin);
  const longest = await page.evaluate(() => window.longest);
  assert.ok(longest >= 60_000 && longest < 2 ** 31, `a timer of ${longest} ms`);
});

test("what was typed is there again after a reload, and after signing in again, and for nobody else", async (t) => {
  const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${SEND},times=2`] });
  await signIn(page, origin);
  await say(page, "kept");
  await state(page, "access-refused");
  const text = page.getByRole("textbox", { name: "Message" });
  await text.fill("a draft");
  await page.reload();
  await state(page, "ready");
  await isUnsent(page, "kept");
  assert.equal(await text.inputValue(), "a draft");

  // The session ends, and nobody has signed out.
  await context.clearCookies();
  await page.reload();
  await page.waitForURL(`${origin}/sign-in`);
  await page.getByRole("button", { name: "Ada", exact: true }).click();
  await state(page, "ready");
  await isUnsent(page, "kept");
  assert.equal(await text.inputValue(), "a draft");
  await message(page, "kept").getByRole("button", { name: "Send again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: kept" }).waitFor();
  await state(page, "ready");
  assert.deepEqual(await service.said(), ["kept"]);
  await page.reload();
  await state(page, "ready");
  assert.equal(await page.getByText("Not sent").count(), 0);

  await context.clearCookies();
  await page.goto(origin);
  await page.getByRole("button", { name: "Grace", exact: true }).click();
  await state(page, "ready");
  assert.equal(await text.inputValue(), "");
  assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
});

test("a user whose session has ended loses no message", async (t) => {
  const { origin, service, context, page } = await start(t, { faults: [`status=401,on=${SEND},times=1`] });
  await signIn(page, origin);
  await context.clearCookies();
  await say(page, "Am I still here?");
  await state(page, "signed-out");
  await notice(page).getByText("You are signed out.").waitFor();
  await isUnsent(page, "Am I still here?");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Ada", exact: true }).click();
  await state(page, "ready");
  await message(page, "Am I still here?").getByRole("button", { name: "Send again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: Am I still here?" }).waitFor();
  assert.deepEqual(await service.said(), ["Am I still here?"]);
});

test("an unsent message can be taken back, changed and sent, while others wait", async (t) => {
  const { origin, service, page } = await start(t, { faults: [`status=401,on=${SEND},times=2`] });
  await signIn(page, origin);
  await say(page, "first");
  await state(page, "access-refused");
  await converse(page, "second");
  await isUnsent(page, "first");
  await message(page, "first").getByRole("button", { name: "Edit" }).click();
  const text = page.getByRole("textbox", { name: "Message" });
  assert.equal(await text.inputValue(), "first");
  await converse(page, "first, changed");
  assert.deepEqual(await service.said(), ["second", "first, changed"]);
  assert.equal(await bubbles(page, "user").count(), 2);
});

test("who signs out has no token in the page from then on, and no tab of the session fetches another", async (t) => {
  const { origin, service, context, page } = await start(t);
  await holdAnswers(page);
  await signIn(page, origin);
  const other = await openTab(context, origin);
  await state(other, "ready");
  await other.getByRole("textbox", { name: "Message" }).fill("a draft");
  await say(page, "one two three");
  await state(page, "streaming");
  const renewals = watchRenewals(context);
  // The application takes its time: up to some seconds, while it has the service delete the token.
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route("**/sign-out", async (route) => {
    await released;
    await route.continue();
  });
  // A page that is about to be left cannot be asked, but says so by itself.
  const told = [];
  page.on("console", (line) => told.push(line.text()));
  await page.evaluate(() => {
    const app = document.getElementById("app");
    const tell = () => console.info(`${app.dataset.state}: ${document.getElementById("notice-text").textContent}`);
    new MutationObserver(tell).observe(app, { attributes: true, subtree: true, childList: true });
  });
  await page.getByRole("button", { name: "Sign out" }).click({ noWaitAfter: true });
  await until(() => told.includes("signed-out: You are signed out."), "the page to say so");
  await state(other, "signed-out");
  assert.equal(await other.getByTestId("access").textContent(), "Signed out");
  assert.equal(await other.getByTestId("notice-text").textContent(), "You are signed out.");
  const sent = await service.answers(SEND);
  await say(other, "still?");
  await isUnsent(other, "still?");
  assert.deepEqual(await service.answers(SEND), sent);
  assert.equal(renewals.all, 0);
  release();
  await page.waitForURL(`${origin}/sign-in`);
  assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
  assert.equal(renewals.all, 0);
});
