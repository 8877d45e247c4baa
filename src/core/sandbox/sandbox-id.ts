/** Sandbox ids are chosen here, so that create and destroy are idempotent and a backend's labels name their session. */
export function sandboxIdOf(sessionId: string, epoch: number): string {
  return `${sessionId}-${epoch}`;
}
