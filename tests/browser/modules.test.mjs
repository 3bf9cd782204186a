// Modules of the page that need no browser: the reader of server-sent events, and the order of messages.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

/** The page's folder has no package.json that says that its files are modules. */
async function load(name) {
  const path = `../../letta-api-ext/examples/browser_chat/page/${name}`;
  const source = await readFile(new URL(path, import.meta.url));
  return import(`data:text/javascript;base64,${source.toString("base64")}`);
}

const { EventParser, readEvents } = await load("events.js");
const { oldestFirst } = await load("history.js");

const STREAM = [
  ": a comment\n\n",
  'data: {"message_type":"ping"}\n\n',
  "event: error\ndata: first\ndata:second\ndata:  third\n\n",
  "id: 7\nretry: 10\nunknown\n\n",
  "data\n\n",
  "event: lost\n\n",
  "data: äöü 🙂\r\n\r\n",
  "data: old\r\r",
  "data: [DONE]\n\n",
].join("");

const EVENTS = [
  { type: "message", data: '{"message_type":"ping"}' },
  { type: "error", data: "first\nsecond\n third" },
  { type: "message", data: "" },
  { type: "message", data: "äöü 🙂" },
  { type: "message", data: "old" },
  { type: "message", data: "[DONE]" },
];

async function readAll(chunks) {
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

test("a stream reads the same with all three ends of lines", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = STREAM.replaceAll(/\r\n|\r|\n/g, end);
    assert.deepEqual(await readAll([Buffer.from(text)]), EVENTS, JSON.stringify(end));
  }
});

test("a stream reads the same wherever it is cut in two, letters and ends of lines too", async () => {
  for (const text of [STREAM, STREAM.replaceAll(/\r\n|\r|\n/g, "\r\n")]) {
    const bytes = Buffer.from(text);
    for (let place = 0; place <= bytes.length; place += 1) {
      const chunks = [bytes.subarray(0, place), bytes.subarray(place)];
      assert.deepEqual(await readAll(chunks), EVENTS, `cut at ${place}`);
    }
  }
});

test("a stream reads the same byte by byte, with empty pieces between", async () => {
  const bytes = [...Buffer.from(STREAM)].flatMap((byte) => [Buffer.of(byte), Buffer.alloc(0)]);
  assert.deepEqual(await readAll(bytes), EVENTS);
});

test("an event that the end cuts off is none", async () => {
  assert.deepEqual(await readAll([Buffer.from("data: whole\n\ndata: half\n")]), [
    { type: "message", data: "whole" },
  ]);
});

test("an event is whole as soon as its last line is, without waiting for what comes next", () => {
  for (const end of ["\n\n", "\r\r", "\r\n\r\n"]) {
    assert.equal(new EventParser().push(`data: now${end}`).length, 1, JSON.stringify(end));
  }
});

test("an event without an end is refused before it fills the memory", () => {
  const parser = new EventParser();
  assert.throws(() => {
    for (let count = 0; count < 100; count += 1) parser.push("x".repeat(1 << 16));
  }, /too long/);
});

test("messages are put oldest first, whichever way the service lists them", () => {
  const message = (id, type, run, second) => ({
    id,
    message_type: `${type}_message`,
    run_id: run,
    date: second === undefined ? undefined : `2026-03-01T12:00:0${second}+00:00`,
  });
  for (const list of [
    [],
    [message(1, "user", "a", 1)],
    // By their dates, though they were asked for in no run.
    [message(1, "user", null, 1), message(2, "user", null, 1), message(3, "assistant", null, 2)],
    // All within a second: by who speaks first in a run.
    [
      message(1, "system", null, 1),
      message(2, "assistant", "a", 1),
      message(3, "user", "b", 1),
      message(4, "assistant", "b", 1),
    ],
    [message(1, "user", "a"), message(2, "reasoning", "a"), message(3, "assistant", "a")],
  ]) {
    assert.deepEqual(oldestFirst(list), list);
    assert.deepEqual(oldestFirst(list.toReversed()), list);
  }
  // Where nothing tells, as they came.
  const list = [message(1, "user", "a", 1), message(2, "user", "b", 1)];
  assert.deepEqual(oldestFirst(list), list);
});
