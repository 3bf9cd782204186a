// What the user wrote and the agent may not have: kept through a reload, and through signing in again.
//
// In the storage of this tab alone, and no token among it. Signing out clears it, and so does another user.

const KEY = "unsent";

let user = null;

/** Returns what this user left here: `{draft, messages: [{text, otid, isUnsent, hasFailed}]}`. Clears what another user left. */
export function open(name) {
  user = name;
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    // There is no storage, or somebody else wrote there.
  }
  if (kept?.user === name && Array.isArray(kept.messages)) return kept;
  clear();
  return { draft: "", messages: [] };
}

export function keep(draft, messages) {
  if (user === null) return;
  try {
    if (draft === "" && messages.length === 0) clear();
    else sessionStorage.setItem(KEY, JSON.stringify({ user, draft, messages }));
  } catch {
    // Storage is full, or there is none. The page has it still.
  }
}

/** Clears it, and keeps nothing any more. */
export function close() {
  user = null;
  clear();
}

function clear() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There is no storage.
  }
}
