// The token: where it is kept, and how it is renewed.
//
// It is only in a private field of an object of this page. A token in storage, in a cookie or in a URL would outlive
// the page, and others could read it.

import { Failure, retryAfter } from "./failure.js";

const TIMEOUT = 15_000;
/** A token is renewed when less of its life is left than this share of it, and than this time. */
const SHARE = 0.2;
const LONGEST_MARGIN = 60_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** A failed renewal is tried again as long as the token lives. */
const SHORTEST_PAUSE = 250;
/** A token with a shorter life is renewed when it is needed. A timer would run all the time. */
const SHORTEST_LIFE = 5_000;
/** A browser's timer that is set for longer than 2^31 milliseconds ends at once. */
const LONGEST_TIMER = 2 ** 30;
/** The assumed life of a token if the answer does not say it. */
const UNKNOWN_LIFE = 60_000;

/**
 * Tells its listeners of `change`. `state` is one of
 * - `none`: there is no token now, and one is being fetched.
 * - `live`: there is one.
 * - `retrying`: there is one, and it could not be renewed yet.
 * - `ended`: the last one has expired, by this page's own count, and could not be renewed.
 * - `refused`: the service refused the last one, and there is no other to try.
 * - `signed-out`: the application gives no token, because nobody is signed in.
 *
 * # A refusal
 *
 * The service answers 401 if a token has expired, was deleted, or does not allow what was asked, and need not say which
 * (published source of 2025). Another token helps against the first two and not against the third. So a refused token is
 * renewed **once**, and if the next one is refused too, this gives up: no timer goes on. Only what the user does next
 * fetches a token again. It is tried once.
 */
export class Access extends EventTarget {
  state = "none";
  #token = null;
  #since = { steady: 0, wall: 0 };
  #life = 0;
  #renewAt = 0;
  #failures = 0;
  /** Whether the service refused the last token. The page tells the application, which would give the same one again. */
  #isRefused = false;
  /** A token that replaces a refused one, and has not been accepted yet. */
  #trial = null;
  /** Whether the last request with this token got no answer that the page may read. */
  #isDoubtful = false;
  /** The renewal that is under way. */
  #renewal = null;
  /** Set once the user has signed out. */
  #isOver = false;
  #timer = 0;

  constructor() {
    super();
    // Timers of a page in the background are late, and stand still while the machine sleeps.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#check();
    });
  }

  /** How long the token lives from now, in milliseconds. */
  get remaining() {
    return this.#token === null ? 0 : Math.max(this.#life - this.#age, 0);
  }

  /** A token to use now, renewed before if it is time. */
  async token() {
    if (this.remaining === 0) return this.renew();
    if (this.#isDoubtful) {
      this.#isDoubtful = false;
      this.#isRefused = true;
      // If there is no other, this one is still good.
      return this.renew().catch((failure) => this.#token ?? Promise.reject(failure));
    }
    if (this.#age >= this.#renewAt) this.#renewInBackground();
    return this.#token;
  }

  /** Fetches another token, and returns it. Callers who ask meanwhile get the same one. */
  renew() {
    if (this.#renewal === null) {
      const done = this.#fetch(this.#isRefused).finally(() => (this.#renewal = null));
      this.#renewal = { done, saysRefused: this.#isRefused };
    }
    return this.#renewal.done;
  }

  /** The service carried out a request with this token. */
  accept(token) {
    if (this.#trial === token) this.#trial = null;
    if (this.#token === token) this.#isDoubtful = false;
  }

  /**
   * The service refused this token. Returns another one to try, or `null` if the page should give up: there is no new
   * one, or this one was the second to be refused.
   */
  async replace(refused) {
    // Renewed meanwhile: since it was time, or for another request that was refused.
    if (this.#token !== null && this.#token !== refused) return this.#token;
    // The renewal that is under way may return the refused token, from the application's cache.
    if (this.#renewal !== null && !this.#renewal.saysRefused) {
      await this.#renewal.done;
      return this.replace(refused);
    }
    if (this.#renewal === null) {
      if (this.state === "refused" || this.#trial === refused) return this.giveUp(refused);
      this.#isRefused = true;
      this.#drop("none");
    }
    const next = await this.renew();
    // The application replaces a token once in a while, and until then gives the same one. It would be refused again.
    return next === refused ? this.giveUp(refused) : next;
  }

  /** The service refused this token, and no other is to be tried now. */
  giveUp(refused) {
    if (this.#token === null || this.#token === refused) {
      this.#isRefused = true;
      this.#drop("refused");
    }
    return null;
  }

  /**
   * A request with this token got no answer that the page may read. That may be a refusal: if the service answers it
   * without CORS headers, the browser shows the page a failed connection. So the next request begins with another token.
   */
  doubt(token) {
    if (token === this.#token) this.#isDoubtful = true;
  }

  /** Forgets the token for good. A token that is being fetched is dropped when it arrives. */
  forget() {
    this.#isOver = true;
    this.#drop("signed-out");
  }

  /**
   * By a monotonic clock. It may stop while the machine sleeps, so the time of day counts if it has moved further.
   */
  get #age() {
    const steady = performance.now() - this.#since.steady;
    return Math.max(steady, Date.now() - this.#since.wall);
  }

  async #fetch(saysRefused) {
    if (this.#isOver) throw signedOut();
    const since = { steady: performance.now(), wall: Date.now() };
    let body, answer;
    try {
      answer = await fetch("/api/letta-token", {
        method: "POST",
        cache: "no-store",
        // Otherwise the application may give the same one again, from its cache.
        headers: saysRefused ? { "letta-token-refused": "1" } : {},
        signal: AbortSignal.timeout(TIMEOUT),
      });
      body = await answer.json();
    } catch (cause) {
      if (this.#isOver) throw signedOut();
      throw this.#failed(new Failure("lost", "This application cannot be reached.", { cause }));
    }
    if (this.#isOver) throw signedOut();
    if (answer.status === 401) {
      this.#drop("signed-out");
      throw signedOut();
    }
    if (!answer.ok || typeof body?.token !== "string") {
      const kind = answer.status === 429 ? "limited" : "failed";
      const message = body?.detail ?? "This application gave no access.";
      // After a failure, the application does not ask the service again for about a second.
      const wait = retryAfter(answer.headers) ?? 1;
      throw this.#failed(new Failure(kind, message, { retryAfter: wait }));
    }

    // Counted by the application, and not from the expiry: this machine's clock may be wrong.
    this.#life = Number.isFinite(body.expiresIn) ? Math.max(body.expiresIn * 1_000, 0) : UNKNOWN_LIFE;
    this.#token = body.token;
    this.#isRefused = false;
    this.#isDoubtful = false;
    this.#trial = saysRefused ? body.token : null;
    this.#since = since;
    this.#failures = 0;
    // A random moment later, so that pages that were opened together do not ask together. Not earlier: while a third of
    // the life is left, the application gives the same token from its cache.
    const margin = Math.min(this.#life * SHARE, LONGEST_MARGIN);
    this.#renewAt = this.#isShort ? this.#life : this.#life - margin * (1 - Math.random() / 4);
    this.#set("live");
    this.#check();
    return body.token;
  }

  get #isShort() {
    return this.#life < SHORTEST_LIFE;
  }

  /** Records a failed renewal. The current token may still live. */
  #failed(failure) {
    this.#failures += 1;
    const bound = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE);
    const backOff = Math.min(bound * (0.5 + Math.random() / 2), this.remaining / 2);
    const pause = Math.max(backOff, SHORTEST_PAUSE, (failure.retryAfter ?? 0) * 1_000);
    this.#renewAt = this.#age + pause;
    if (this.remaining === 0) this.#drop(this.#isRefused ? "refused" : "ended");
    else {
      this.#set("retrying");
      this.#check();
    }
    return failure;
  }

  /** Renews the token if it is time, and otherwise sets a timer. */
  #check() {
    clearTimeout(this.#timer);
    if (this.#token === null) return;
    if (this.remaining === 0 && (this.#failures > 0 || this.#isShort)) return this.#drop("ended");
    const wait = Math.min(this.#renewAt, this.#life) - this.#age;
    if (wait <= 0) return this.#renewInBackground();
    this.#timer = setTimeout(() => this.#check(), Math.min(wait, LONGEST_TIMER));
  }

  #renewInBackground() {
    // A failure has been recorded, and is tried again.
    this.renew().catch(() => {});
  }

  /** Without a token, no timer runs. */
  #drop(state) {
    clearTimeout(this.#timer);
    this.#token = null;
    this.#trial = null;
    this.#isDoubtful = false;
    this.#set(state);
  }

  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

function signedOut() {
  return new Failure("signed-out", "You are signed out.");
}
