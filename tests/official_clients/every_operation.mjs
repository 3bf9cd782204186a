// Calls every operation with the official Node client, and prints what came of each call. What it reads and prints, and what the
// steps of `every_operation.json` mean, is told in `every_operation.py`, which does the same with the official Python client.
//
// The client checks nothing of an answer. So the compiler does: each answer is written down as a value of the type that the
// client's method names, and the program of them is compiled. An enum's unknown value, a member of another type, one that is
// missing, and one that the type does not name are errors of the compiler.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { APIError, Letta, toFile } from "@letta-ai/letta-client";

/** How often a call is made again, and after how many milliseconds. */
const TRIES = 100;
const PAUSE = 100;

/** The longest that is printed of one thing that is said. */
const LONGEST = 300;

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** What a type of the client's is, in the program for the compiler. */
const TYPES = `import { Letta } from "@letta-ai/letta-client";
import { Stream } from "@letta-ai/letta-client/core/streaming";
import { ArrayPage, NextFilesPage, NextFilesPageResponse } from "@letta-ai/letta-client/core/pagination";
type Gives<M> = M extends (...args: never[]) => infer R ? Awaited<R> : never;
type Page<T> = T extends ArrayPage<infer I> ? I[] : T extends NextFilesPage<infer I> ? NextFilesPageResponse<I> : T;
type Value<T> = T extends Stream<unknown> ? never : Page<T>;
type Event<T> = T extends Stream<infer E> ? E & { message_type: string } : never;
`;

const task = JSON.parse(readFileSync(0, "utf8"));
const scenario = JSON.parse(readFileSync(join(FOLDER, "every_operation.json"), "utf8"));
const kept = { task: { ...scenario.task, ...task } };

/** The bodies of the answers to the current step. */
let answers = [];

const client = new Letta({
  baseURL: task.baseUrl,
  apiKey: task.apiKey,
  maxRetries: 0,
  timeout: 30_000,
  fetch: async (url, init) => {
    const headers = new Headers(init.headers);
    // A real server resets the connection on which it answered 500.
    headers.set("connection", "close");
    const answer = await fetch(url, { ...init, headers });
    const [ours, theirs] = answer.body ? answer.body.tee() : [null, null];
    const text = ours ? new Response(ours).text().catch(() => "") : Promise.resolve("");
    answers.push({ media: answer.headers.get("content-type") ?? "", text });
    const { status, statusText } = answer;
    const copy = new Response(theirs, { status, statusText, headers: answer.headers });
    Object.defineProperty(copy, "url", { value: answer.url });
    return copy;
  },
});

const isStream = ({ media }) => media.startsWith("text/event-stream");

/** The data of all events, but for the mark of the end. */
const events = (text) =>
  text
    .split("\n\n")
    .filter((event) => event.includes("data: "))
    .map((event) => event.slice(event.indexOf("data: ") + 6))
    .filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data));

/** What a body says: events, a value, or nothing. */
const said = async (answer) => {
  const text = await answer.text;
  if (isStream(answer)) return events(text);
  return text ? JSON.parse(text) : null;
};

/** The value at a path. Undefined if it is not there. */
const found = (value, path) => {
  for (const word of path.replaceAll("[", ".[").split(".").filter(Boolean)) {
    if (word.startsWith("[")) {
      const [member, wanted] = word.slice(1, -1).split("=");
      value = Array.isArray(value) ? value.find((item) => item?.[member] === wanted) : undefined;
    } else {
      value = value?.[word];
    }
  }
  return value ?? undefined;
};

/** A value with all that it refers to in its place. */
const argument = async (value) => {
  if (typeof value === "string" && value.startsWith("$")) {
    const [, name, path] = /^\$([^.[]*)(.*)$/.exec(value);
    return found(kept[name], path) ?? scenario.instead[name];
  }
  if (Array.isArray(value)) return Promise.all(value.map(argument));
  if (value === null || typeof value !== "object") return value;
  if ("file" in value && "content" in value) {
    const content = await argument(value.content);
    return toFile(Buffer.from(typeof content === "string" ? content : JSON.stringify(content)), value.file);
  }
  const members = Object.entries(value).map(async ([name, item]) => [name, await argument(item)]);
  return Object.fromEntries(await Promise.all(members));
};

/** The kinds of what a turn gave, and why it stopped. */
const turn = (value) => {
  const messages = Array.isArray(value) ? value : value?.messages;
  const stop = found(value, "stop_reason.stop_reason") ?? found(value, "[message_type=stop_reason].stop_reason");
  if (stop === undefined || messages === undefined) return {};
  const kinds = messages.map((it) => it.message_type).filter((kind) => kind !== "ping");
  return { turn: { kinds: kinds.filter((kind, index) => kind !== kinds[index - 1]), stop } };
};

/** The method's name as this client has it. */
const camel = (operation) => operation.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** Makes the calls of a step, and gives what each answer said, after the client has read all of it. */
const call = async (step) => {
  const names = camel(step.operation).split(".");
  const method = names.pop();
  const resource = names.reduce((resource, name) => resource[name], client);
  const first = Object.values((await argument(step.id)) ?? {});
  const others = await argument(step.node ?? step.with);
  let answer = await resource[method](...first, ...(others === undefined ? [] : [others]));
  if (answer?.[Symbol.asyncIterator] && answer.controller) {
    for await (const _ of answer) {
      if (step.leave) {
        answer.controller.abort();
        return null;
      }
    }
  }
  for (let page = 1; page < (step.pages ?? 1) && answer.hasNextPage(); page++) answer = await answer.getNextPage();
  const values = await Promise.all(answers.map(said));
  if (step.pages) {
    const ids = values.flat().map((item) => item.id);
    if (new Set(ids).size < ids.length) throw new TypeError("a page repeats an item of another");
  }
  return values;
};

const message = (error) => String(error.message).slice(0, LONGEST);

/** What came of a step, and the bodies that are left to be checked. */
const outcome = async (step) => {
  answers = [];
  let values;
  try {
    values = await call(step);
  } catch (error) {
    // An error that comes in a stream has no status, and one of the connection no body.
    if (error instanceof APIError && (error.status || error.error)) {
      return { outcome: error.status ?? "error in the stream", what: [message(error)] };
    }
    return { outcome: "invalid", what: [`${error.constructor.name}: ${message(error)}`] };
  }
  if (values === null) return { outcome: "ok" };
  const last = values.at(-1);
  if (step.keep) kept[step.keep] = last;
  return { outcome: "ok", ...turn(last), checked: answers.map((it, index) => [isStream(it), values[index]]) };
};

/** What came of a step in the end. */
const made = async (step) => {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const came = await outcome(step);
    if (!step.until || came.outcome !== "ok") return came;
    const value = found(came.checked[0][1], step.until.at);
    if (step.until.is ? step.until.is.includes(value) : value !== undefined) return came;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return { outcome: "invalid", what: [`${step.until.at} is not there in time`] };
};

/** What the compiler says of each line of a program. */
const compile = (lines) => {
  const folder = mkdtempSync(join(tmpdir(), "every-operation-"));
  try {
    symlinkSync(join(FOLDER, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "answers.mts"), TYPES + lines.join("\n"));
    const options = "--noEmit --strict --skipLibCheck --pretty false --module nodenext --target es2022 --types";
    const compiler = join(FOLDER, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, ...options.split(" "), "", join(folder, "answers.mts")], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    return [];
  } catch (error) {
    if (!error.stdout) throw error;
    const before = TYPES.split("\n").length - 1;
    return error.stdout.split(/\n(?=\S)/).map((text) => {
      const told = /^answers\.mts\((\d+),\d+\): error TS(\d+): (.*)$/s.exec(text.trim());
      if (!told) throw new Error(`the compiler says: ${text.slice(0, LONGEST)}`);
      return { line: told[1] - before - 1, code: told[2], text: told[3] };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Has the compiler check all answers, and writes what it says into the lines of output. */
const check = (output) => {
  const lines = [];
  const owners = [];
  for (const owner of output) {
    const method = camel(owner.operation).split(".").map((name) => `["${name}"]`).join("");
    const type = (of) => `${of}<Gives<Letta${method}>>`;
    for (const [streamed, value] of owner.checked ?? []) {
      // No token is written down.
      const text = (value) => JSON.stringify(value, (name, value) => (name === "token" ? "a token" : value));
      for (const item of streamed ? value : [value]) {
        if (!streamed && item === null) continue;
        lines.push(`{ const it: ${type(streamed ? "Event" : "Value")} = ${text(item)}; }`);
        owners.push(owner);
      }
    }
    delete owner.checked;
  }
  for (const { line, text } of compile(lines)) {
    const owner = owners[line];
    const surplus = /'"?(\w+)"?' does not exist in type/.exec(text);
    if (surplus) {
      owner.unknown = [...new Set([...(owner.unknown ?? []), surplus[1]])].sort();
    } else {
      owner.outcome = "invalid";
      owner.what = [...(owner.what ?? []), text.slice(0, LONGEST)].slice(0, 10);
    }
  }
};

const output = [];
for (const step of task.steps ?? scenario.steps) {
  const { operation, as } = step;
  output.push({ operation, ...(as ? { as } : {}), ...(await made(step)) });
}
check(output);
for (const line of output) console.log(JSON.stringify(line));
