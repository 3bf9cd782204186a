// The token: where it is kept, and how it is renewed.
//
// It is in a private field of an object of this page, and nowhere else: what is in storage, in a cookie or in
// a URL outlives the page, and can be read by others.

import { Failure, retryAfter } from "./failure.js";

const TIMEOUT = 15_000;
/** A token is renewed when no more of its life is left than this share of it, and than so much. */
const SHARE = 0.2;
const LONGEST_MARGIN = 60_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** A renewal that failed is tried again while the token lives, however little is left. */
const SHORTEST_PAUSE = 250;
/** How long a token is taken to live whose answer does not say so. */
const UNKNOWN_LIFE = 60_000;

/**
 * Tells its listeners of `change`. `state` is one of `none`, `live`, `retrying` (live, and could not be renewed
 * yet), `ended` and `signed-out`.
 */
export class Access extends EventTarget {
  state = "none";
  #token = null;
  #since = { steady: 0, wall: 0 };
  #life = 0;
  #renewAt = 0;
  #failures = 0;
  /** Whether the service did not accept the last token. */
  #refused = false;
  #renewal = null;
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
    if (this.remaining === 0) await this.renew();
    else if (this.#age >= this.#renewAt) this.#renewInBackground();
    return this.#token;
  }

  /** Fetches another token. Whoever asks while that is going on gets the same one. */
  renew() {
    this.#renewal ??= this.#fetch().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** The service does not accept this token. Says whether another has taken its place already. */
  isReplaced(token) {
    if (token !== this.#token) return this.#token !== null;
    this.#refused = true;
    this.#end("ended");
    return false;
  }

  /**
   * By a clock that nobody sets. It may stand still while the machine sleeps, so that the one on the wall counts
   * where it has moved further.
   */
  get #age() {
    const steady = performance.now() - this.#since.steady;
    return Math.max(steady, Date.now() - this.#since.wall);
  }

  async #fetch() {
    const since = { steady: performance.now(), wall: Date.now() };
    let body, answer;
    try {
      answer = await fetch("/api/letta-token", {
        method: "POST",
        cache: "no-store",
        // Or the application may have the same in store, and give it again.
        headers: this.#refused ? { "letta-token-refused": "1" } : {},
        signal: AbortSignal.timeout(TIMEOUT),
      });
      body = await answer.json();
    } catch (cause) {
      throw this.#failed(new Failure("lost", "This application cannot be reached.", { cause }));
    }
    if (answer.status === 401) {
      this.#end("signed-out");
      throw new Failure("signed-out", "You are signed out.");
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
    this.#refused = false;
    this.#since = since;
    this.#failures = 0;
    // A little later each time, so that pages that were opened together do not come together. No earlier: while a
    // third is left, the application has the same token in store.
    const margin = Math.min(this.#life * SHARE, LONGEST_MARGIN);
    this.#renewAt = this.#life - margin * (1 - Math.random() / 4);
    this.#set("live");
    this.#check();
  }

  /** Notes a renewal that failed. The token that there is still lives, perhaps. */
  #failed(failure) {
    this.#failures += 1;
    const bound = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE);
    const backOff = Math.min(bound * (0.5 + Math.random() / 2), this.remaining / 2);
    const pause = Math.max(backOff, SHORTEST_PAUSE, (failure.retryAfter ?? 0) * 1_000);
    this.#renewAt = this.#age + pause;
    if (this.remaining === 0) this.#end("ended");
    else {
      this.#set("retrying");
      this.#check();
    }
    return failure;
  }

  /** Renews if it is time, and otherwise comes back when it is. */
  #check() {
    clearTimeout(this.#timer);
    if (this.#token === null) return;
    if (this.remaining === 0 && this.#failures > 0) return this.#end("ended");
    const wait = Math.min(this.#renewAt, this.#life) - this.#age;
    if (wait <= 0) return this.#renewInBackground();
    this.#timer = setTimeout(() => this.#check(), wait);
  }

  #renewInBackground() {
    // What fails here has been noted, and is tried again.
    this.renew().catch(() => {});
  }

  #end(state) {
    clearTimeout(this.#timer);
    this.#token = null;
    this.#set(state);
  }

  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
