/** `npm start`: builds what changed, starts everything and tells where it is. Ends on Ctrl-C, leaving no process. */
import { buildAll } from "../build.ts";
import { endBelow } from "../process-table.ts";
import { refuseTakenPort } from "../port-holder.ts";
import { readSettings, type Settings } from "../settings.ts";
import { startStack, type Stack } from "../stack.ts";
import { LocalState } from "../local-state.ts";
import { endSignal } from "../end-signal.ts";

export async function run(args: readonly string[]): Promise<number> {
  const settings = readSettings(args, process.env);
  return serve(settings, () => new Promise(() => undefined));
}

/** Runs until it is asked to end. `meanwhile` gets the running stack. */
export async function serve(settings: Settings, meanwhile: (stack: Stack, ended: AbortSignal) => Promise<void>): Promise<number> {
  const started = performance.now();
  const ended = endSignal();
  await refuseEarly(settings);
  const stopBuild = (): void => {
    endBelow(process.pid);
    process.exit(130);
  };
  ended.addEventListener("abort", stopBuild);
  await buildAll();
  ended.removeEventListener("abort", stopBuild);

  const stack = await startStack(settings, { signal: ended }).catch((error: unknown) => {
    if (ended.aborted) return null;
    throw error;
  });
  if (stack === null) return 130;
  console.log(greeting(stack, settings, performance.now() - started));
  await Promise.race([meanwhile(stack, ended), new Promise<void>((resolve) => ended.addEventListener("abort", () => resolve()))]);
  console.log("\n  Stopping …");
  await stack.stop();
  return 0;
}

/** A start that cannot succeed says so before it builds for half a minute; the stack checks again when it takes the folder. */
async function refuseEarly(settings: Settings): Promise<void> {
  const state = new LocalState(settings.dataDir);
  state.prepareFolder();
  if (!settings.reset) state.knownSecrets();
  // The port may be held by what an earlier start left, which ends before this start needs it.
  if (state.running() === null && state.leftovers().length === 0) await refuseTakenPort(settings.port);
}

function greeting(stack: Stack, settings: Settings, ms: number): string {
  return `
  Berth is ready (${(ms / 1000).toFixed(1)} s)

    Page      ${stack.url}
    Sign in   ${stack.signInUrl}
              opens the page signed in; works once, within ten minutes
    API key   ${stack.apiKey}
    API docs  ${stack.url}/docs
    State     ${settings.dataDir}

  Ctrl-C stops it. State is kept; start again any time.
`;
}
