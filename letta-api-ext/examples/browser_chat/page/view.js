// The visible page. It has no token, and sends no requests.
//
// What people and agents write goes in as text, never as HTML.

const part = (id) => document.getElementById(id);
const app = part("app");
const scroller = part("scroller");

/** How near to the end the view must be to follow new words, in pixels. */
const NEAR = 120;

/**
 * One of `loading`, `ready`, `waiting`, `streaming`, `failed`, `limited`, `expired`, `access-refused`, `signed-out`.
 */
export function state() {
  return app.dataset.state;
}

export function setState(state) {
  app.dataset.state = state;
  const isBusy = state === "waiting" || state === "streaming";
  const hadFocus = document.activeElement === part(isBusy ? "send" : "stop");
  part("send").hidden = isBusy;
  part("stop").hidden = !isBusy;
  if (hadFocus) part(isBusy ? "stop" : "send").focus();
  if (!isBusy) setActivity(null);
}

export function isBusy() {
  return state() === "waiting" || state() === "streaming";
}

export function setPeople({ user, agent, isEmulator }) {
  document.title = agent.name;
  part("agent-name").textContent = agent.name;
  part("user-name").textContent = user;
  part("empty-title").textContent = `Say hello to ${agent.name}`;
  part("empty-text").textContent = isEmulator
    ? "It lives in an emulator, and says again whatever you say."
    : "What you write goes from this page straight to the agent.";
  part("text").placeholder = `Message ${agent.name}`;
}

/** For how long access lasts, in milliseconds. */
export function setAccess(state, remaining) {
  const seconds = Math.ceil(remaining / 1_000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const text = {
    none: "Getting access…",
    live: `Access for ${time}`,
    retrying: `Access for ${time}, renewing`,
    ended: "Access has ended",
    refused: "Access was refused",
    "signed-out": "Signed out",
  }[state];
  app.dataset.access = state;
  if (part("access").textContent !== text) part("access").textContent = text;
}

export function setActivity(text) {
  keepInSight(() => {
    part("activity").hidden = text === null;
    part("activity-text").textContent = text ?? "";
  });
}

/** The log anew, as the history has it. Other messages are put back by their `toEnd`. */
export function setMessages({ messages, mayBeMore }) {
  part("log").replaceChildren();
  for (const message of messages) addMessage(message.from, message.text).finish("done");
  part("earlier").hidden = !mayBeMore;
  part("empty").hidden = messages.length > 0;
  toEnd();
}

/** A message in the log, and how it may change. */
export function addMessage(from, text = "") {
  const element = document.createElement("article");
  element.className = `message from-${from}`;
  element.dataset.testid = "message";
  element.dataset.from = from;
  element.dataset.state = "under-way";
  // Not read out word by word, but when it is whole.
  element.setAttribute("aria-busy", "true");
  const speaker = document.createElement("span");
  speaker.className = "hidden-label";
  speaker.textContent = from === "user" ? "You: " : `${part("agent-name").textContent}: `;
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  bubble.dataset.testid = "bubble";
  bubble.textContent = text;
  const note = document.createElement("p");
  note.className = "note";
  note.hidden = true;
  const offers = document.createElement("p");
  offers.className = "offers";
  offers.hidden = true;
  element.append(speaker, bubble, note, offers);
  const toEnd = () =>
    keepInSight(() => {
      part("empty").hidden = true;
      if (part("log").lastElementChild !== element) part("log").append(element);
    });
  toEnd();
  return {
    /** Below all others, also if the log was made anew. */
    toEnd,
    append(more) {
      keepInSight(() => bubble.append(more));
    },
    /** `state` is `done`, `failed` or `stopped`; `why` is said beneath. */
    finish(state, why = "") {
      keepInSight(() => {
        element.dataset.state = state;
        element.setAttribute("aria-busy", "false");
        note.textContent = why;
        note.hidden = why === "";
        offers.hidden = true;
        offers.replaceChildren();
      });
    },
    /** Buttons beneath, by their names. */
    offer(actions) {
      keepInSight(() => {
        offers.replaceChildren(
          ...Object.entries(actions).map(([name, action]) => {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "plain";
            button.textContent = name;
            button.onclick = action;
            return button;
          }),
        );
        offers.hidden = false;
      });
    },
    remove() {
      element.remove();
    },
  };
}

let countdown = 0;

/**
 * Says what happened, and offers what can be done: `button` with its `action`, after `wait` seconds; `edit`,
 * to take a message back; a `link` to sign in.
 */
export function showNotice({ state, text, button, action, wait = 0, edit, link = false }) {
  setState(state);
  clearInterval(countdown);
  part("notice-text").textContent = text;
  const main = part("notice-button");
  main.hidden = button === undefined;
  main.onclick = action ?? null;
  part("notice-edit").hidden = edit === undefined;
  part("notice-edit").onclick = edit ?? null;
  part("notice-link").hidden = !link;
  const until = performance.now() + wait * 1_000;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1_000);
    main.disabled = left > 0;
    main.textContent = left > 0 ? `${button} in ${left} s` : button;
    if (left <= 0) clearInterval(countdown);
  };
  tick();
  if (wait > 0) countdown = setInterval(tick, 250);
  keepInSight(() => (part("notice").hidden = false));
}

export function hideNotice() {
  clearInterval(countdown);
  const notice = part("notice");
  if (notice.contains(document.activeElement)) part("text").focus();
  notice.hidden = true;
}

/** Calls back when the user signs out, before the browser leaves the page. */
export function onSignOut(signOut) {
  part("sign-out").addEventListener("submit", signOut);
}

/** Calls back with what the user sends and changes. `send` says whether it was taken. */
export function onCompose({ send, stop, draft }) {
  const text = part("text");
  const submit = () => {
    const said = text.value.trim();
    if (said === "" || !send(said)) return;
    setDraft("");
    draft();
  };
  part("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    // While a word is put together from several keys, Enter only ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  text.addEventListener("input", () => {
    fit();
    draft();
  });
  part("stop").addEventListener("click", stop);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
  });
  text.focus();
}

/** Puts text where the user writes, before what is there. */
export function returnDraft(text) {
  const now = part("text").value;
  setDraft(now === "" ? text : `${text}\n${now}`);
  part("text").focus();
}

/** What the user has written and not sent. */
export function draft() {
  return part("text").value;
}

function setDraft(text) {
  part("text").value = text;
  fit();
}

/** As high as its text. */
function fit() {
  const text = part("text");
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

/** Whether the user looks at the end of the conversation, and not at something earlier. */
let isAtEnd = true;

scroller.addEventListener("scroll", () => (isAtEnd = isNearEnd()), { passive: true });
// A keyboard on the screen takes its place from here.
new ResizeObserver(() => {
  if (isAtEnd) toEnd();
}).observe(scroller);

function isNearEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
}

function keepInSight(change) {
  const isNear = isNearEnd();
  change();
  if (isNear) toEnd();
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}
