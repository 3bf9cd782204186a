// The course of a conversation: what is done when, and what when it fails.

import { Access } from "./access.js";
import { Agent } from "./agent.js";
import { Failure } from "./failure.js";
import * as view from "./view.js";

const access = new Access();
let agent;
let agentName = "The agent";
/** Stops the answer that is under way. */
let course = null;

access.addEventListener("change", () => {
  showAccess();
  // A conversation that is under way finds out by itself.
  if (view.state() === "ready" || view.state() === "expired") showEnd();
});
setInterval(showAccess, 1_000);

// A page that the browser kept while the user was elsewhere, or signed out, starts anew.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

await start();

async function start() {
  view.setState("loading");
  try {
    const session = await readSession();
    agentName = session.agent.name;
    agent = new Agent(session.service, session.agent.id, access);
    view.setPeople(session);
    view.onCompose({ send, stop });
  } catch (failure) {
    return showFailure(failure, { again: start });
  }
  await load();
}

async function readSession() {
  let answer, session;
  try {
    answer = await fetch("/api/session", { cache: "no-store" });
    session = await answer.json();
  } catch (cause) {
    throw new Failure("lost", "This application cannot be reached.", { cause });
  }
  if (answer.status === 401) throw new Failure("signed-out", "You are signed out.");
  if (!answer.ok) throw new Failure("failed", session?.detail ?? "This application is in trouble.");
  return session;
}

/** Reads the conversation so far. */
async function load() {
  view.hideNotice();
  view.setState("loading");
  try {
    view.setMessages(await agent.history());
    becomeReady();
  } catch (failure) {
    showFailure(failure, { again: load });
  }
}

/** Takes what the user wrote, unless an answer is under way. */
function send(text) {
  if (agent === undefined || view.isBusy() || view.state() === "loading") return false;
  deliver({ text, message: view.addMessage("user", text) });
  return true;
}

function stop() {
  course?.abort();
}

/** Sends a message of the user's, and shows what comes of it. */
async function deliver(said) {
  view.hideNotice();
  view.setState("waiting");
  view.setActivity(`${agentName} is thinking`);
  // By this it is found again where it is not known whether it arrived.
  said.otid = crypto.randomUUID();
  said.answers = new Map();
  said.message.finish("done");
  course = new AbortController();
  const { signal } = course;
  let reason = null;
  try {
    for await (const step of agent.send(said.text, said.otid, signal)) {
      if (signal.aborted) break;
      if (step.type === "text") showPiece(said, step);
      else if (step.type === "activity") view.setActivity(`${agentName} ${step.text}`);
      else reason = step.reason;
    }
    signal.throwIfAborted();
    finishAnswers(said, "done");
    if (said.answers.size === 0) {
      view.addMessage("agent", "").finish("stopped", `No answer came (${reason ?? "no reason given"}).`);
    }
    becomeReady();
  } catch (failure) {
    if (signal.aborted) {
      finishAnswers(said, "stopped", "Stopped");
      if (said.answers.size === 0) said.message.finish("stopped", "Stopped before an answer came");
      becomeReady();
    } else {
      finishAnswers(said, "failed", "Broke off");
      said.message.finish("failed", said.answers.size === 0 ? "Not answered" : "");
      showFailure(failure, { again: () => deliverAgain(said, failure), said });
    }
  } finally {
    course = null;
  }
}

function showPiece(said, { id, text }) {
  view.setState("streaming");
  view.setActivity(null);
  if (!said.answers.has(id)) {
    finishAnswers(said, "done");
    said.answers.set(id, view.addMessage("agent"));
  }
  said.answers.get(id).append(text);
}

function finishAnswers(said, state, why) {
  // What was said before the last of them is whole.
  [...said.answers.values()].forEach((answer, place, all) =>
    place === all.length - 1 ? answer.finish(state, why) : answer.finish("done"),
  );
}

/** Sends again what failed, unless it turns out to have arrived. */
async function deliverAgain(said, failure) {
  view.hideNotice();
  if (failure.kind === "lost" || failure.kind === "failed") {
    view.setState("waiting");
    view.setActivity("Looking whether your message arrived");
    let history;
    try {
      history = await agent.history();
    } catch (another) {
      return showFailure(another, { again: () => deliverAgain(said, failure), said });
    }
    const { messages } = history;
    const place = messages.findIndex((message) => message.otid === said.otid);
    const isAnswered = messages.slice(place + 1).some((message) => message.from === "agent");
    if (place !== -1 && isAnswered) {
      view.setMessages(history);
      return becomeReady();
    }
    if (place !== -1 && failure.kind === "lost") {
      const text = "Your message arrived, and there is no answer yet.";
      const action = () => deliverAgain(said, failure);
      return view.showNotice({ state: "failed", text, button: "Look again", action });
    }
  }
  for (const answer of said.answers.values()) answer.remove();
  await deliver(said);
}

async function renew(then, said) {
  view.hideNotice();
  view.setState("loading");
  try {
    await access.renew();
    await then();
  } catch (failure) {
    showFailure(failure, { again: () => renew(then, said), said });
  }
}

function becomeReady() {
  view.setState("ready");
  showEnd();
}

/** Where access ended while nobody asked for anything. */
function showEnd() {
  if (access.state === "ended" || access.state === "signed-out") {
    showFailure(new Failure(access.state, ""), { again: becomeReady });
  } else if (view.state() === "expired") {
    view.hideNotice();
    view.setState("ready");
  }
}

/** Says what happened. `again` is how to go on; `said` is a message that was not delivered. */
function showFailure(failure, { again, said }) {
  const edit = said && (() => takeBack(said));
  switch (failure.kind) {
    case "ended":
      return view.showNotice({
        state: "expired",
        text: "Your access has ended.",
        button: "Renew access",
        action: () => renew(again, said),
        edit,
      });
    case "signed-out":
      return view.showNotice({ state: "signed-out", text: "You are signed out.", link: true });
    case "limited":
      return view.showNotice({
        state: "limited",
        text: `${failure.message} Please wait a moment.`,
        button: "Try again",
        action: again,
        wait: failure.retryAfter ?? 5,
        edit,
      });
    case "refused":
      return view.showNotice({ state: "failed", text: sentence(failure.message), edit });
    default: {
      // What is no `Failure` is a mistake in this page.
      if (!(failure instanceof Failure)) console.error(failure);
      const text = failure instanceof Failure ? failure.message : "Something went wrong in this page.";
      return view.showNotice({
        state: "failed",
        text: sentence(text),
        button: "Try again",
        action: again,
        wait: failure?.retryAfter ?? 0,
        edit,
      });
    }
  }
}

function takeBack(said) {
  for (const answer of said.answers.values()) answer.remove();
  said.message.remove();
  view.hideNotice();
  view.returnDraft(said.text);
  becomeReady();
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

function showAccess() {
  view.setAccess(access.state, access.remaining);
}
