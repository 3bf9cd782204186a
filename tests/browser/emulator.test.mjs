// The page of the emulator itself: what it holds, as it changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startEmulator } from "./harness.mjs";

test("the page of the emulator shows agents, messages, runs and tokens as they change", async (t) => {
  const { page, service, url, errors } = await startEmulator(t);
  await page.goto(url);
  // Nothing is there: it says what to do, and what it says works.
  await page.getByText("What to do next").waitFor();
  const create = await page.locator("#create").textContent();
  assert.match(create, /^curl .*"Authorization: Bearer \$LETTA_API_KEY"/);
  assert.ok(create.includes(`${service.url}/v1/agents/`) && create.includes(`'{"name":"Ada"}'`), create);

  const agent = await service.ask("POST", "/v1/agents/", { name: "Ada" });
  await page.getByRole("button", { name: /Ada/ }).waitFor();
  assert.equal(await page.getByText("What to do next").isVisible(), false);
  const say = await page.locator("#say").textContent();
  assert.ok(say.includes(`/v1/agents/${agent.id}/messages`), say);

  // What is said is text, whatever it looks like.
  const html = `<script>document.title = "taken"</script><img src=x onerror="document.title='taken'"><b>bold</b>`;
  await service.ask("POST", `/v1/agents/${agent.id}/messages`, { input: html });
  const said = page.locator("#messages .assistant_message .said");
  await said.waitFor();
  assert.equal(await said.textContent(), `You said: ${html}`);
  assert.equal(await page.locator("#messages b, #messages img, #messages script").count(), 0);
  assert.equal(await page.title(), "letta-emulator");
  await page.locator("#runs .completed").waitFor();
  await page.locator("#requests").getByText("create_agent").waitFor();

  const policy = [{ type: "agent", id: agent.id, access: ["read_messages"] }];
  const made = await service.ask("POST", "/v1/client-side-access-tokens", { hostname: "https://chat.example.com", policy });
  await page.locator("#tokens").getByText("https://chat.example.com: ").waitFor();
  assert.match(await page.locator("#tokens .live").textContent(), /^\d+ (s|min) left$/);
  assert.ok(!(await page.content()).includes(made.token));

  // With the keyboard alone, and the focus stays while things change.
  const other = await service.ask("POST", "/v1/agents/", { name: "Bob" });
  const bob = page.getByRole("button", { name: /Bob/ });
  await bob.waitFor();
  await page.getByRole("button", { name: /Ada/ }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Messages of Bob").waitFor();
  await service.ask("POST", `/v1/agents/${other.id}/messages`, { input: "Hello Bob" });
  await page.getByText("You said: Hello Bob").waitFor();
  assert.equal(await bob.evaluate((button) => button === document.activeElement), true);
  assert.equal(await bob.getAttribute("aria-current"), "true");
  assert.deepEqual(errors, []);
});

test("the page of the emulator shows the last of a thousand messages, in the light and in the dark", async (t) => {
  const { page, service, url, errors } = await startEmulator(t, ["--agent", "agent-ada=Ada", "--fault", "latency=1ms,times=5000"]);
  await page.goto(url);
  for (let number = 0; number < 500; number += 1) {
    await service.ask("POST", "/v1/agents/agent-ada/messages", { input: `number ${number}` });
  }
  await page.getByText("You said: number 499", { exact: true }).waitFor();
  assert.equal(await page.locator("#messages li").count(), 200);
  await page.getByText("801 older messages not shown.").waitFor();
  await page.getByText("latency=1ms").waitFor();
  // The newest is in sight.
  const isAtEnd = await page.locator("#messages").evaluate((list) => list.scrollTop + list.clientHeight >= list.scrollHeight - 8);
  assert.equal(isAtEnd, true);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const contrast = await page.evaluate(contrasts);
    for (const [what, ratio] of contrast) assert.ok(ratio >= 4.5, `${colorScheme}: ${what}: ${ratio}`);
    if (process.env.LETTA_SCREENSHOT) {
      await page.screenshot({ path: process.env.LETTA_SCREENSHOT.replace(".png", `-${colorScheme}.png`) });
    }
  }
  // In a narrow window, nothing sticks out.
  await page.setViewportSize({ width: 380, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  assert.deepEqual(errors, []);
});

test("the page of the emulator says so without its key, and when the emulator is gone", async (t) => {
  const { page, url, stop } = await startEmulator(t, ["--agent", "agent-ada=Ada"]);
  await page.goto(url.replace(/#.*/, "#other"));
  await page.getByText("Open the address that it printed when it started.").waitFor();
  assert.equal(await page.getByRole("button").count(), 0);
  await page.goto(url);
  await page.getByRole("button", { name: /Ada/ }).waitFor();
  stop();
  await page.getByText("The emulator does not answer.").waitFor();
  await page.getByRole("button", { name: /Ada/ }).waitFor();
});

/** How well texts stand out from what is behind them, by the formula of WCAG. */
function contrasts() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = ["h1", "h2", "#status", "#messages .kind", "#messages .said", "#messages small", "button[aria-current] .id", "#runs .completed", "th", ".faint"];
  return found.map((selector) => {
    const element = [...document.querySelectorAll(selector)].find((one) => one.checkVisibility());
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
    return [selector, (one + 0.05) / (other + 0.05)];
  });
}
