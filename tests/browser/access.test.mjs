// The token of the page: renewed in time, and what is shown where it cannot be.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bubbles,
  converse,
  notice,
  settle,
  signIn,
  start,
  state,
  until,
  watchPage,
  watchRenewals,
  watchTokens,
} from "./harness.mjs";

test("a token is renewed before it expires, and the user does not notice", async (t) => {
  const { origin, service, page } = await start(t);
  // By the test, since the application has the first one in store for longer than the page's clock says.
  const minted = [];
  await page.route("**/api/letta-token", async (route) => {
    const { token, expiresAt } = await service.mint(origin);
    minted.push(token);
    await route.fulfill({ json: { token, expiresAt, expiresIn: 300 } });
  });
  const asked = watchRenewals(page.context());
  const tokens = watchTokens(page);
  const used = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/messages")) {
      used.push(request.headers().authorization);
    }
  });
  await page.clock.install();
  await signIn(page, origin);
  await watchPage(page);
  await converse(page, "with the first");
  const begun = await page.evaluate(() => performance.now());
  await until(async () => {
    await page.clock.runFor(1_000);
    await settle(page);
    return asked.all === 2;
  }, "a renewal");
  const passed = (await page.evaluate(() => performance.now())) - begun;
  assert.ok(passed < 300_000, `renewed after ${passed} ms`);
  await tokens.at(1);
  await settle(page);
  await converse(page, "with the second");
  assert.deepEqual(used, minted.map((token) => `Bearer ${token}`));
  const { states, access } = await page.evaluate(() => window.seen);
  assert.deepEqual(new Set(states), new Set(["ready", "waiting", "streaming"]));
  assert.deepEqual(access, ["live"]);
});

test("a token of five minutes is renewed once, when a minute or a little less of it is left", async (t) => {
  const { origin, page } = await start(t);
  const asked = watchRenewals(page.context());
  const tokens = watchTokens(page);
  // A clock that the test moves. The service has its own.
  await page.clock.install();
  const now = () => page.evaluate(() => Date.now());
  // The first token comes between the two. The page's clock goes on by itself, too.
  const before = await now();
  await signIn(page, origin);
  const after = await now();
  await page.clock.runFor(200_000);
  await converse(page, "still with the first");
  assert.equal(tokens.tokens.length, 1);
  let last = await now();
  await until(async () => {
    last = await now();
    await page.clock.runFor(1_000);
    await settle(page);
    return asked.all === 2;
  }, "a second token");
  const end = await now();
  await tokens.at(1);
  // At 239 to 255 seconds of the first token's life.
  assert.ok(end - before >= 239_000, `renewed before ${end - before} ms`);
  assert.ok(last - after <= 256_000, `renewed after ${last - after} ms`);
  await page.clock.runFor(150_000);
  await converse(page, "and then with the second");
  assert.equal(tokens.tokens.length, 2);
});

test("one renewal is under way at a time, whoever asks for it, and nobody waits while the old token lives", async (t) => {
  const { origin, page } = await start(t);
  const tokens = watchTokens(page);
  await page.clock.install();
  await signIn(page, origin);
  let asked = 0;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route("**/api/letta-token", async (route) => {
    asked += 1;
    await released;
    await route.continue();
  });
  await page.clock.runFor(200_000);
  // Second by second, since the request has a time-out by the same clock.
  await until(async () => {
    await page.clock.runFor(1_000);
    return asked > 0;
  }, "a renewal");
  await converse(page, "during the renewal");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await converse(page, "and again");
  assert.equal(asked, 1);
  release();
  await tokens.at(1);
  await converse(page, "after it");
  assert.equal(asked, 1);
});

test("a browser whose clock is hours wrong has access for as long as any other", async (t) => {
  const { origin, context, page: signedIn } = await start(t);
  await signIn(signedIn, origin);
  for (const hours of [-5, 5]) {
    const page = await context.newPage();
    await page.addInitScript((ahead) => {
      const now = Date.now;
      Date.now = () => now() + ahead;
    }, hours * 3_600_000);
    const tokens = watchTokens(page);
    await page.goto(origin);
    await state(page, "ready");
    await converse(page, "What time is it?");
    assert.match(await page.getByTestId("access").textContent(), /^Access for (5:00|4:[45]\d)$/);
    await tokens.at(0);
    assert.equal(tokens.tokens.length, 1);
    await page.close();
  }
});

test("a token that expires and cannot be renewed shows so by itself, and what was typed is not lost", async (t) => {
  const { origin, page } = await start(t, { tokenSeconds: 10 });
  await signIn(page, origin);
  await page.route("**/api/letta-token", (route) => route.abort());
  const text = page.getByRole("textbox", { name: "Message" });
  await text.fill("a draft");
  await state(page, "expired");
  await page.getByRole("button", { name: "Renew access" }).click();
  await state(page, "failed");
  await notice(page).getByText("This application cannot be reached.").waitFor();

  await page.unroute("**/api/letta-token");
  await page.getByRole("button", { name: "Try again" }).click();
  await state(page, "ready");
  assert.equal(await text.inputValue(), "a draft");
  await text.press("Enter");
  await bubbles(page, "agent").filter({ hasText: "You said: a draft" }).waitFor();
});

test("a renewal that fails for a while is made in time all the same", async (t) => {
  const { origin, page } = await start(t, { tokenSeconds: 10 });
  const tokens = watchTokens(page);
  await signIn(page, origin);
  await watchPage(page);
  let refusals = 1;
  await page.route("**/api/letta-token", (route) => (refusals-- > 0 ? route.abort() : route.continue()));
  await tokens.at(1);
  const retried = () => page.evaluate(() => window.seen.access.join() === "live,retrying,live");
  await until(retried, "access to be renewed");
  assert.deepEqual(await page.evaluate(() => window.seen.states), ["ready"]);
});

test("an application that cannot mint is said so, and a user who is signed out is led to sign in", async (t) => {
  const { origin, page, context } = await start(t, { faults: ["status=404,times=1"] });
  await page.goto(origin);
  await page.getByRole("button", { name: "Ada" }).click();
  await state(page, "failed");
  await notice(page).getByText("The service did not give access.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await state(page, "ready");

  // In another tab.
  const other = await context.newPage();
  await other.goto(origin);
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.waitForURL(`${origin}/sign-in`);
  await other.close();
  await state(page, "signed-out");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(`${origin}/sign-in`);
});
