// The chat of the example browser_chat, when all goes well.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  HAS_MODULES,
  SENDING,
  bubbles,
  converse,
  say,
  signIn,
  start,
  startAlone,
  startOtherSite,
  state,
  until,
  watchPage,
} from "./harness.mjs";

test("it runs with no account: somebody signs in, chats to an agent of their own, and signs out", async (t) => {
  const { origin, page } = await startAlone(t);
  await page.goto(origin);
  assert.equal(page.url(), `${origin}/sign-in`);
  await page.getByText("no password is needed").waitFor();
  await page.getByLabel("Your name").fill("Mary Shelley");
  await page.getByRole("button", { name: "Sign in" }).click();
  await state(page, "ready");
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Mary Shelley’s agent");
  assert.equal(await page.getByTestId("user-name").textContent(), "Mary Shelley");
  assert.match(await page.getByTestId("access").textContent(), /^Access for (5:00|4:[45]\d)$/);
  await converse(page, "Hello");

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${origin}/sign-in`);
  await page.goBack();
  await page.waitForURL(`${origin}/sign-in`);

  // Somebody else does not see it.
  await page.getByRole("button", { name: "Grace" }).click();
  await state(page, "ready");
  assert.equal(await page.getByTestId("message").count(), 0);
});

test("an answer appears word by word", async (t) => {
  const { origin, page } = await start(t, { wordDelay: "50ms" });
  await signIn(page, origin);
  await watchPage(page);
  await converse(page, "one two three four five six");
  const { states, texts } = await page.evaluate(() => window.seen);
  assert.deepEqual(states, ["ready", "waiting", "streaming", "ready"]);
  assert.equal(texts.at(-1), "You said: one two three four five six");
  assert.ok(texts.length >= 5, JSON.stringify(texts));
  for (const [place, text] of texts.slice(1).entries()) assert.ok(text.startsWith(texts[place]), text);
});

test("a conversation is there again after a reload, in its order", async (t) => {
  const { origin, page } = await start(t);
  await signIn(page, origin);
  await converse(page, "first");
  await converse(page, "second\nwith another line");
  await page.reload();
  await state(page, "ready");
  assert.deepEqual(await page.getByTestId("bubble").allTextContents(), [
    "first",
    "You said: first",
    "second\nwith another line",
    "You said: second\nwith another line",
  ]);
});

test("it can be used by keyboard alone: Tab, Enter, Shift and Enter, Escape", async (t) => {
  const { origin, service, page } = await start(t, { wordDelay: "100ms" });
  const focused = () =>
    page.evaluate(() => {
      const { id, textContent, value, labels } = document.activeElement;
      return id || labels?.[0]?.textContent || value || textContent.trim();
    });
  const tab = async (count) => {
    const places = [];
    for (let place = 0; place < count; place += 1) {
      await page.keyboard.press("Tab");
      places.push(await focused());
    }
    return places;
  };
  await page.goto(origin);
  assert.deepEqual(await tab(5), ["Ada", "Grace", "Alan", "name", "Sign in"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await state(page, "ready");

  // Where one wants to be, without a Tab.
  assert.equal(await focused(), "text");
  assert.deepEqual(await tab(1), ["send"]);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Shift+Tab");
  await page.getByTestId("sign-out").focus();
  assert.deepEqual(await tab(3), ["scroller", "text", "send"]);
  for (const place of ["scroller", "send"]) {
    await page.locator(`#${place}`).focus();
    await page.keyboard.press("Shift");
    const outline = await page.locator(`#${place}`).evaluate((e) => getComputedStyle(e).outlineStyle);
    assert.equal(outline, "solid", `the focus of ${place} cannot be seen`);
  }

  await page.locator("#text").focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.getByTestId("message").count(), 0, "an empty message was sent");
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line, and so many words that there is time to stop");
  await page.keyboard.press("Enter");
  await state(page, "streaming");
  // Not sent while an answer is under way, and not lost.
  await page.keyboard.type("next");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#text").inputValue(), "next");
  await page.keyboard.press("Escape");
  await state(page, "ready");
  const stopped = await bubbles(page, "agent").textContent();
  assert.ok("You said: first line\nsecond line".startsWith(stopped.slice(0, 15)) && !stopped.endsWith("stop"), stopped);
  await page.getByText("Stopped", { exact: true }).waitFor();
  assert.equal(await focused(), "text");
  // The service goes on without a reader, and keeps what was said when the agent is done.
  const kept = await until(async () => (await service.said())[0], "what was said");
  assert.equal(kept.split("\n")[0], "first line");
});

test("a narrow screen needs no scrolling sideways, whatever is said", async (t) => {
  const { origin, page } = await start(t, { context: { viewport: { width: 320, height: 568 } } });
  const fits = async (where) => {
    const widths = await page.evaluate(() =>
      [document.documentElement, document.getElementById("scroller")]
        .filter((element) => element !== null)
        .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
    );
    assert.ok(widths.every((over) => over <= 0), `${where}: ${widths}`);
  };
  await page.goto(origin);
  await fits("signing in");
  await page.getByLabel("Your name").fill("X".repeat(40));
  await page.getByRole("button", { name: "Sign in" }).click();
  await state(page, "ready");
  await fits("nothing said");
  await converse(page, `https://example.com/${"a".repeat(300)}`);
  await fits("a long word said");
  await page.route(SENDING, (route) => route.abort());
  await say(page, "and then");
  await state(page, "failed");
  await fits("a failure");
});

test("nothing is complained about, and no script is run that somebody says or smuggles in", async (t) => {
  const { origin, page } = await start(t, { context: { reducedMotion: "reduce" }, wordDelay: "20ms" });
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`${request.url()} ${request.failure().errorText}`));
  page.on("response", (answer) => answer.status() >= 400 && complaints.push(`${answer.url()} ${answer.status()}`));
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => window.violations.push(event.effectiveDirective));
  });
  await signIn(page, origin);
  const html = "<img src=x onerror=window.smuggled=1><script>window.smuggled=1</script>";
  await say(page, html);
  await state(page, "streaming");
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0, "something moves");
  await state(page, "ready");
  assert.deepEqual(await page.getByTestId("bubble").allTextContents(), [html, `You said: ${html}`]);
  await page.reload();
  await state(page, "ready");
  assert.deepEqual(complaints, []);
  assert.deepEqual(await page.evaluate(() => window.violations), []);

  // What would be complained about: a script in the page, and a call to somewhere else.
  const elsewhere = await startOtherSite(t);
  const violations = await page.evaluate(async (elsewhere) => {
    const script = document.createElement("script");
    script.textContent = "window.smuggled = 1";
    document.body.append(script);
    await fetch(elsewhere).catch(() => {});
    while (window.violations.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    return window.violations;
  }, elsewhere);
  assert.deepEqual(violations, ["script-src-elem", "connect-src"]);
  assert.equal(await page.evaluate(() => window.smuggled), undefined);
});

if (!HAS_MODULES) test("it looks as the page in JavaScript does, to the last dot", async (t) => {
  const pictures = [];
  for (const hasModules of [true, false]) {
    const settings = { viewport: { width: 800, height: 600 }, reducedMotion: "reduce" };
    const faults = ["stream_message", "send_message_stream"].map((send) => `status=500,on=${send},times=1`);
    const { origin, page, context } = await start(t, { hasModules, context: settings, faults });
    const taken = {};
    const take = async (name) => {
      // No cursor that blinks, or not, and no time that passes.
      await page.evaluate(() => {
        document.getElementById("access").style.display = "none";
        document.getElementById("scroller").focus({ focusVisible: false });
      });
      taken[name] = await page.screenshot({ animations: "disabled" });
    };
    await signIn(page, origin);
    await take("nothing said");
    await say(page, "Hello?");
    await state(page, "failed");
    await take("a failure");
    await converse(page, "and then");
    await take("a message that was not answered, and an answer");
    await page.getByRole("button", { name: "Edit" }).click();
    await take("a draft");
    await context.clearCookies();
    await page.reload();
    await page.waitForURL(`${origin}/sign-in`);
    await signIn(page, origin);
    await take("read again");
    pictures.push(taken);
  }
  const [one, other] = pictures;
  assert.equal(Object.keys(one).length, 5);
  for (const name of Object.keys(one)) assert.ok(one[name].equals(other[name]), `${name} looks different`);
});

test("a picture of it can be taken", { skip: !process.env.LETTA_SCREENSHOT }, async (t) => {
  const { origin, page } = await startAlone(t, {
    viewport: { width: 1000, height: 680 },
    colorScheme: process.env.LETTA_SCREENSHOT_SCHEME ?? "light",
  });
  await signIn(page, origin);
  await converse(page, "Hello! Is there anybody there?");
  await converse(page, "So you are the emulator. Where is the API key?");
  await converse(page, "Right: with the server. This page has a token for five minutes, for one agent, from one origin.");
  // No cursor that blinks, or not.
  await page.locator("#scroller").evaluate((element) => element.focus({ focusVisible: false }));
  await page.screenshot({ path: process.env.LETTA_SCREENSHOT, animations: "disabled" });
});
