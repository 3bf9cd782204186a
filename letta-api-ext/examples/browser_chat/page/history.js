// Puts messages of a list in order.

/**
 * Messages of one list, oldest first. The service documents `order=desc` as newest first; the self-hosted server
 * answers it with the newest messages, and the oldest of them first. So the list itself has to tell.
 */
export function oldestFirst(messages) {
  return isNewestFirst(messages) ? messages.toReversed() : messages;
}

function isNewestFirst(messages) {
  const [first, last] = [messages.at(0), messages.at(-1)].map((message) => Date.parse(message?.date));
  if (first !== last && !Number.isNaN(first - last)) return first > last;
  // All within the same second. Within a run, an agent answers after it was asked.
  for (const [place, { message_type: type, run_id: run }] of messages.entries()) {
    if (type !== "user_message" || run == null) continue;
    const answer = messages.findIndex((m) => m.message_type === "assistant_message" && m.run_id === run);
    if (answer !== -1) return answer < place;
  }
  return false;
}
