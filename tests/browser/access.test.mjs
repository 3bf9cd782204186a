// The token of the page: renewed in time, and what is shown where it cannot be.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bubbles,
  converse,
  notice,
  say,
  signIn,
  start,
  state,
  until,
  watchPage,
  watchTokens,
} from "./harness.mjs";

test("a token is renewed before it expires, and the user does not notice", async (t) => {
  const { origin, page } = await start(t, { tokenSeconds: 6 });
  const tokens = watchTokens(page);
  const used = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/messages")) {
      used.push(request.headers().authorization);
    }
  });
  await signIn(page, origin);
  await watchPage(page);
  await converse(page, "with the first");
  const [first, second] = [await tokens.at(0), await tokens.at(1)];
  await converse(page, "with the second");
  assert.ok(second.arrived < Date.parse(first.expiresAt), "renewed too late");
  assert.deepEqual(used, [`Bearer ${first.token}`, `Bearer ${second.token}`]);
  const { states } = await page.evaluate(() => window.seen);
  assert.deepEqual(new Set(states), new Set(["ready", "waiting", "streaming"]));
});

test("a browser whose clock is hours wrong has access for as long as any other", async (t) => {
  for (const hours of [-5, 5]) {
    const { origin, page } = await start(t);
    await page.addInitScript((ahead) => {
      const now = Date.now;
      Date.now = () => now() + ahead;
    }, hours * 3_600_000);
    const tokens = watchTokens(page);
    await signIn(page, origin);
    await converse(page, "What time is it?");
    assert.match(await page.getByTestId("access").textContent(), /^Access for (5:00|4:[45]\d)$/);
    await tokens.at(0);
    assert.equal(tokens.tokens.length, 1);
  }
});

test("a revoked token shows that access has ended; renewing it delivers what was said, once", async (t) => {
  const { origin, service, page } = await start(t);
  const tokens = watchTokens(page);
  await signIn(page, origin);
  await converse(page, "before");
  await service.revoke((await tokens.at(0)).token);
  await say(page, "after");
  await state(page, "expired");
  await notice(page).getByText("Your access has ended.").waitFor();
  assert.equal(await page.getByTestId("access").textContent(), "Access has ended");
  assert.deepEqual(await service.said(), ["before"]);

  await page.getByRole("button", { name: "Renew access" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: after" }).waitFor();
  await state(page, "ready");
  assert.equal(await notice(page).isVisible(), false);
  assert.deepEqual(await service.said(), ["before", "after"]);
  await tokens.at(1);
  assert.equal(tokens.tokens.length, 2);
});

test("a token that expires and cannot be renewed shows so by itself, and what was typed is not lost", async (t) => {
  const { origin, page } = await start(t, { tokenSeconds: 3 });
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
  const { origin, page } = await start(t, { tokenSeconds: 4 });
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
  await say(page, "Am I still here?");
  await state(page, "expired");
  await page.getByRole("button", { name: "Renew access" }).click();
  await state(page, "signed-out");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(`${origin}/sign-in`);
});
