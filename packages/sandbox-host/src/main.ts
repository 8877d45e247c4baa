/** Runs a sandbox host: says `{"listening": port}` on stdout when it is ready, ends cleanly when it is asked to. */
import { composeHost, type ComposedHost } from "../../../src/compose/host.ts";
import { listen } from "./server.ts";

async function stopSandboxes({ providers }: ComposedHost): Promise<void> {
  const stops = providers.map(async (provider) => {
    // The stopped ones too: one that is being ended says so from the beginning, and is waited for.
    const known = await provider.list({});
    await Promise.allSettled(known.map(({ id }) => provider.stop(id)));
  });
  await Promise.allSettled(stops);
}

async function main(): Promise<void> {
  const host = await composeHost();
  const port = await listen(host.server, host.port);
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    host.server.close();
    host.server.closeAllConnections();
    await Promise.all([host.endWaiting(), host.stopSandboxesOnExit && stopSandboxes(host)]);
    process.exit(0);
  };
  process.once("SIGTERM", () => void end());
  process.once("SIGINT", () => void end());
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
