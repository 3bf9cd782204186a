// What the page shows when the service fails, and that nothing the user wrote is lost, or said twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  SEND,
  SENDING,
  bubbles,
  notice,
  say,
  signIn,
  start,
  state,
} from "./harness.mjs";

test("a service that cannot be reached is said so, and trying again delivers what was said", async (t) => {
  const { origin, service, page } = await start(t);
  await signIn(page, origin);
  for (const [text, fail, says] of [
    ["one", (route) => route.abort(), "This page got no answer from the service."],
    ["two", (route) => route.fulfill({ status: 502, body: "<html>Bad gateway" }), "The service is in trouble."],
  ]) {
    await page.route(`${service.url}/**`, fail);
    await say(page, text);
    await state(page, "failed");
    await notice(page).getByText(says).waitFor();
    // It is still there to be read.
    assert.equal(await bubbles(page, "user").last().textContent(), text);
    await page.getByRole("button", { name: "Try again" }).click();
    await state(page, "failed");

    await page.unroute(`${service.url}/**`);
    await page.getByRole("button", { name: "Try again" }).click();
    await bubbles(page, "agent").filter({ hasText: `You said: ${text}` }).waitFor();
    await state(page, "ready");
  }
  assert.deepEqual(await service.said(), ["one", "two"]);
});

test("trouble at the service is said so, and trying again delivers what was said", async (t) => {
  const faults = [`status=500,on=${SEND},times=1`];
  const { origin, service, page } = await start(t, { faults });
  await signIn(page, origin);
  await say(page, "Hello?");
  await state(page, "failed");
  await notice(page).getByText("The service is in trouble.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: Hello?" }).waitFor();
  assert.deepEqual(await service.said(), ["Hello?"]);
});

test("a message whose answer was lost is not sent twice", async (t) => {
  const { origin, service, page } = await start(t);
  await signIn(page, origin);
  // Not by a fault of the emulator's: Chromium sends again by itself what a connection that it has used before
  // closes on, a POST too.
  await page.route(SENDING, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await say(page, "once");
  await state(page, "failed");
  await page.getByRole("button", { name: "Try again" }).click();
  await state(page, "ready");
  assert.deepEqual(await page.getByTestId("bubble").allTextContents(), ["once", "You said: once"]);
  assert.deepEqual(await service.said(), ["once"]);
});

test("an answer that breaks off, or is an error, is no answer", async (t) => {
  const faults = [`model-failure,on=${SEND},times=1`];
  const { origin, service, page } = await start(t, { faults });
  await signIn(page, origin);
  await say(page, "to a model that fails");
  await state(page, "failed");
  await notice(page).getByText("Rate limit exceeded for LLM model provider").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: to a model that fails" }).waitFor();

  const date = "2026-03-01T12:00:00+00:00";
  const said = { id: "message-1", date, message_type: "assistant_message", content: "Half an " };
  await page.route(SENDING, (route) =>
    route.fulfill({
      headers: { "access-control-allow-origin": origin, "content-type": "text/event-stream" },
      body: `data: ${JSON.stringify(said)}\n\n`,
    }),
  );
  await say(page, "to a line that breaks");
  await state(page, "failed");
  await notice(page).getByText("The answer broke off.").waitFor();
  assert.equal(await bubbles(page, "agent").last().textContent(), "Half an ");
  await page.unroute(SENDING);
  await page.getByRole("button", { name: "Try again" }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: to a line that breaks" }).waitFor();
  assert.equal(await page.getByText("Half an").count(), 0);
  assert.equal((await service.said()).filter((text) => text.endsWith("breaks")).length, 1);
});

test("too many requests are counted down, and what was said can be sent then", async (t) => {
  const faults = [`status=429,retry-after=2s,on=${SEND},times=1`];
  const { origin, service, page } = await start(t, { faults });
  await signIn(page, origin);
  await say(page, "Hurry");
  await state(page, "limited");
  const button = page.getByTestId("notice-button");
  assert.match(await button.textContent(), /^Try again in [12] s$/);
  assert.equal(await button.isDisabled(), true);
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await bubbles(page, "agent").filter({ hasText: "You said: Hurry" }).waitFor();
  assert.deepEqual(await service.said(), ["Hurry"]);
});
