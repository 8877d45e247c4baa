/**
 * Aborted when this process is asked to end: Ctrl-C, a signal, or the first step of the launcher gone, which talks to this
 * one by a channel and may have been killed without a chance to say so.
 */
export function endSignal(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  // They stay registered: a second Ctrl-C must not cut the stopping short and leave processes.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  if (process.channel) {
    process.on("disconnect", end);
    process.channel.unref(); // listening must not keep a process alive that is done
  }
  return controller.signal;
}
