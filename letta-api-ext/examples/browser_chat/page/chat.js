// The course of a conversation: the steps, and what to do if one fails.

import { Access } from "./access.js";
import { Agent } from "./agent.js";
import { Failure } from "./failure.js";
import * as storage from "./unsent.js";
import * as view from "./view.js";

const access = new Access();
let agent;
let agentName = "The agent";
/** Stops the answer that is under way. */
let course = null;
/** Messages that the agent may not have, by their `otid`, in the order in which they were sent. */
const unsent = new Map();
/** The message that the notice is about, and what became of it. */
let troubled = null;

access.addEventListener("change", () => {
  showAccess();
  // A conversation that is under way notices by itself.
  if (view.state() === "ready" || view.state() === "expired") showEnd();
});
setInterval(showAccess, 1_000);

// A page that the browser restores from its cache starts anew: the user may have signed out.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

/** Other tabs of this application. They share the session, so all of them are signed out together. */
const tabs = new BroadcastChannel("letta-chat");
tabs.onmessage = ({ data }) => {
  if (data === "signed-out") endAccess();
};
view.onSignOut(() => {
  storage.close();
  tabs.postMessage("signed-out");
  endAccess();
});

await start();

async function start() {
  view.setState("loading");
  try {
    const session = await readSession();
    agentName = session.agent.name;
    agent = new Agent(session.service, session.agent.id, access);
    view.setPeople(session);
    restore(`${session.user} ${session.agent.id}`);
    view.onCompose({ send, stop, draft: keep });
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
  leaveNotice();
  view.setState("loading");
  try {
    showHistory(await agent.history());
    becomeReady();
  } catch (failure) {
    showFailure(failure, { again: load });
  }
}

/** Shows the conversation, and below it what the agent does not have. */
function showHistory(history) {
  for (const { otid } of history.messages) unsent.delete(otid);
  view.setMessages(history);
  for (const said of unsent.values()) said.message.toEnd();
  keep();
}

/** Takes what the user wrote, unless an answer is under way. */
function send(text) {
  if (agent === undefined || isBusy()) return false;
  deliver({ text, message: view.addMessage("user", text) });
  return true;
}

function isBusy() {
  return view.isBusy() || view.state() === "loading";
}

function stop() {
  course?.abort();
}

/** Sends the user's message, and shows the result. */
async function deliver(said) {
  leaveNotice(said);
  view.setState("waiting");
  view.setActivity(`${agentName} is thinking`);
  unsent.delete(said.otid);
  // With this ID, the history tells whether the message arrived.
  said.otid = crypto.randomUUID();
  said.isUnsent = said.hasFailed = false;
  unsent.set(said.otid, said);
  keep();
  said.answers = new Map();
  said.message.finish("done");
  said.message.toEnd();
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
    unsent.delete(said.otid);
    becomeReady();
  } catch (failure) {
    if (signal.aborted) {
      finishAnswers(said, "stopped", "Stopped");
      if (said.answers.size === 0) said.message.finish("stopped", "Stopped before an answer came");
      unsent.delete(said.otid);
      becomeReady();
    } else {
      said.isUnsent = failure?.isUnsent === true;
      said.hasFailed = failure?.kind === "failed";
      finishAnswers(said, "failed", "Broke off");
      said.message.finish("failed", said.answers.size === 0 ? whyFailed(said) : "");
      showFailure(failure, { again: () => deliverAgain(said), said });
    }
  } finally {
    course = null;
    keep();
  }
}

function whyFailed({ isUnsent }) {
  return isUnsent ? "Not sent" : "Not answered";
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
async function deliverAgain(said) {
  leaveNotice(said);
  if (!said.isUnsent) {
    view.setState("waiting");
    view.setActivity("Looking whether your message arrived");
    let history;
    try {
      history = await agent.history();
    } catch (another) {
      return showFailure(another, { again: () => deliverAgain(said), said });
    }
    const { messages } = history;
    const place = messages.findIndex((message) => message.otid === said.otid);
    const isAnswered = messages.slice(place + 1).some((message) => message.from === "agent");
    if (place !== -1 && isAnswered) {
      showHistory(history);
      return becomeReady();
    }
    if (place !== -1 && !said.hasFailed) {
      const text = "Your message arrived, and there is no answer yet.";
      const action = () => deliverAgain(said);
      return view.showNotice({ state: "failed", text, button: "Look again", action });
    }
  }
  for (const answer of said.answers.values()) answer.remove();
  await deliver(said);
}

async function renew(then) {
  leaveNotice();
  view.setState("loading");
  try {
    await access.renew();
    await then();
  } catch (failure) {
    showFailure(failure, { again: () => renew(then) });
  }
}

function becomeReady() {
  view.setState("ready");
  showEnd();
}

/** Shows that access ended while no request was under way. */
function showEnd() {
  if (access.state === "ended" || access.state === "signed-out") {
    showFailure(new Failure(access.state, ""), { again: becomeReady });
  } else if (view.state() === "expired") {
    leaveNotice();
    view.setState("ready");
  }
}

/** The user has signed out. The browser may show this page for a while yet. */
function endAccess() {
  access.forget();
  if (course === null) showEnd();
  else stop();
}

/** Says what happened. `again` is how to go on; `said` is a message that was not delivered. */
function showFailure(failure, { again, said }) {
  leaveNotice(said);
  const edit = said && (() => takeBack(said));
  if (said !== undefined) {
    // A message that is refused for good must not be sent again unchanged.
    said.again = failure?.kind === "refused" ? undefined : again;
    troubled = said;
  }
  switch (failure.kind) {
    case "ended":
      return view.showNotice({
        state: "expired",
        text: "Your access has ended.",
        button: "Renew access",
        action: () => renew(again),
        edit,
      });
    case "signed-out":
      return view.showNotice({ state: "signed-out", text: "You are signed out.", link: true });
    case "access-refused":
      return view.showNotice({
        state: "access-refused",
        text: failure.message,
        button: "Try again",
        action: again,
        edit,
      });
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
      // Any other error is a bug of this page.
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

/** Hides the notice. If it was about another message than `said`, that message gets its buttons back. */
function leaveNotice(said) {
  view.hideNotice();
  if (troubled !== null && troubled !== said && unsent.has(troubled.otid)) offer(troubled);
  troubled = null;
}

/** Puts buttons at a message that was not delivered. */
function offer(said) {
  const again = said.again && { "Send again": () => isBusy() || said.again() };
  said.message.offer({ ...again, Edit: () => takeBack(said) });
}

function takeBack(said) {
  for (const answer of said.answers.values()) answer.remove();
  said.message.remove();
  unsent.delete(said.otid);
  view.returnDraft(said.text);
  keep();
  if (isBusy()) return;
  leaveNotice();
  becomeReady();
}

function keep() {
  const messages = [...unsent.values()].map(
    ({ text, otid, isUnsent, hasFailed }) => ({ text, otid, isUnsent, hasFailed }),
  );
  storage.keep(view.draft(), messages);
}

/** Shows what this user left in this tab, once. */
function restore(user) {
  const { draft, messages } = storage.open(user);
  if (unsent.size > 0) return;
  for (const kept of messages) {
    const said = { ...kept, answers: new Map(), message: view.addMessage("user", kept.text) };
    said.again = () => deliverAgain(said);
    said.message.finish("failed", whyFailed(said));
    offer(said);
    unsent.set(said.otid, said);
  }
  if (draft !== "") view.returnDraft(draft);
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

function showAccess() {
  view.setAccess(access.state, access.remaining);
}
