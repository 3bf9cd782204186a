// Failures, by what the user can do about them.

/**
 * `kind` is one of
 * - `lost`: no answer came, or only a part of it. The message may have arrived all the same.
 * - `limited`: too many requests. `retryAfter` says how many seconds to wait.
 * - `ended`: the token has expired, and could not be renewed. Another one helps.
 * - `access-refused`: the service refused the token, and the one that replaced it. It does not say why.
 * - `signed-out`: the session has ended. Signing in helps.
 * - `refused`: the service does not do this, however often it is asked.
 * - `failed`: something broke at the other end. Trying again may help.
 *
 * `isUnsent` says that the service certainly did not do what was asked, so that asking again does it once.
 */
export class Failure extends Error {
  constructor(kind, message, { retryAfter, isUnsent = false, cause } = {}) {
    super(message, { cause });
    this.name = "Failure";
    this.kind = kind;
    this.retryAfter = retryAfter;
    this.isUnsent = isUnsent;
  }
}

/** Seconds that an answer asks to wait: `Retry-After` is a number of them, or a date. */
export function retryAfter(headers) {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text.trim())
    ? Number(text)
    : (Date.parse(text) - Date.parse(headers.get("date") ?? new Date().toUTCString())) / 1000;
  // At most an hour: a longer wait is not worth a countdown.
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 3600) : undefined;
}
