/**
 * An answer that is asked for more often than it changes. What is kept is the answer and never a promise, which would
 * belong to the request that asked; a failure is not kept.
 *
 * @param lifetimeMs how long an answer is believed, in milliseconds
 * @param now milliseconds since the Unix epoch
 */
export function rememberFor<T>(lifetimeMs: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let known: { readonly answer: T; readonly untilMs: number } | null = null;
  return async () => {
    if (known && now() < known.untilMs) return known.answer;
    const answer = await ask();
    known = { answer, untilMs: now() + lifetimeMs };
    return answer;
  };
}
