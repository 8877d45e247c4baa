/** `npm start`: builds what changed, starts everything and tells where it is. Ends on Ctrl-C, leaving no process. */
import { buildAll } from "../build.ts";
import { readSettings } from "../settings.ts";
import { startStack } from "../stack.ts";

export async function run(args: readonly string[]): Promise<number> {
  const settings = readSettings(args, process.env);
  const started = performance.now();
  await buildAll();
  const stack = await startStack(settings);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`
  Berth is ready (${seconds} s)

    Page      ${stack.url}
    Sign in   ${stack.signInUrl}
              opens the page signed in; works once, within ten minutes
    API key   ${stack.apiKey}
    API docs  ${stack.url}/docs
    State     ${settings.dataDir}

  Ctrl-C stops it. State is kept; start again any time.
`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  console.log("\n  Stopping …");
  await stack.stop();
  return 0;
}
