/** `npm start`: builds what changed, starts everything and tells where it is. Ends on Ctrl-C, leaving no process. */
import { join } from "node:path";
import { buildAll } from "../build.ts";
import { endBelow } from "../process-table.ts";
import { refuseTakenPort } from "../port-holder.ts";
import { readImageBuild } from "../../../../src/adapters/sandbox/docker/image-build.ts";
import { chooseBackends, chosenImage, type ChosenBackends } from "../default-backends.ts";
import { buildImageBeside, type BackgroundBuild } from "../image/background-build.ts";
import { withNpmHost } from "../npm-host.ts";
import { IMAGE_BUILD } from "../paths.ts";
import { readSettings, USAGE, type GivenSettings, type Settings } from "../settings.ts";
import { startStack, type Stack } from "../stack.ts";
import { warmMax } from "../warm-max.ts";
import { LocalState } from "../local-state.ts";
import { endSignal } from "../end-signal.ts";

export async function run(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(`npm start [-- settings]\n\n${USAGE}\n\nREADME.md says what they are for.`);
    return 0;
  }
  return serve(readSettings(args, process.env), () => new Promise(() => undefined));
}

/** Runs until it is asked to end. `meanwhile` gets the running stack. */
export async function serve(given: GivenSettings, meanwhile: (stack: Stack, ended: AbortSignal) => Promise<void>): Promise<number> {
  // What was installed first is a part of the wait.
  const beganMs = Number(process.env["BERTH_BEGAN_MS"]) || Date.now();
  const ended = endSignal();
  await refuseEarly(given);
  const choosing = chooseBackends(given).then(withHosts);
  const stopBuild = (): void => {
    endBelow(process.pid);
    process.exit(130);
  };
  ended.addEventListener("abort", stopBuild);
  await buildAll();
  ended.removeEventListener("abort", stopBuild);
  const { settings, lacksImage } = await choosing;

  const stack = await startStack(settings, { signal: ended, hostVars: { SANDBOXES_WARM_MAX: String(warmMax()) } }).catch((error: unknown) => {
    if (ended.aborted) return null;
    throw error;
  });
  if (stack === null) return 130;
  console.log(greeting(stack, { ...settings, lacksImage }, Date.now() - beganMs, process.stdout.isTTY));
  const image = lacksImage ? buildImage(settings) : null;
  await Promise.race([meanwhile(stack, ended), new Promise<void>((resolve) => ended.addEventListener("abort", () => resolve()))]);
  console.log("\n  Stopping …");
  await image?.stop();
  await stack.stop();
  return 0;
}

/** A process has the machine's own network, and no list of hosts to complete. */
async function withHosts({ settings, lacksImage }: ChosenBackends): Promise<ChosenBackends> {
  if (settings.sandboxBackends.every((backend) => backend === "process")) return { settings, lacksImage };
  return { settings: { ...settings, sandboxEgress: await withNpmHost(settings.sandboxEgress) }, lacksImage };
}

/** A start that cannot succeed says so before it builds for half a minute; the stack checks again when it takes the folder. */
async function refuseEarly(settings: GivenSettings): Promise<void> {
  const state = new LocalState(settings.dataDir);
  state.prepareFolder();
  if (!settings.reset) state.knownSecrets();
  // The port may be held by what an earlier start left, which ends before this start needs it.
  if (state.running() === null && state.leftovers().length === 0) await refuseTakenPort(settings);
}

/** Null when somebody else builds it already. */
function buildImage({ dataDir }: Settings): BackgroundBuild | null {
  const image = chosenImage();
  if (readImageBuild(IMAGE_BUILD, image)?.state === "building") return null;
  const tell = process.stderr.isTTY ? (line: string) => console.error(line) : null;
  return buildImageBeside({ image, dataDir, tell, warn: (text) => console.error(text) });
}

interface Greeted extends Pick<Settings, "publicUrl" | "dataDir" | "sandboxBackends"> {
  /** Its build has begun. */
  readonly lacksImage: boolean;
}

function sandboxesLine({ sandboxBackends, lacksImage }: Greeted): string {
  const order = sandboxBackends.join(", then ");
  return lacksImage ? `${order}; the image of containers is being built, until then sessions get the next` : order;
}

export function greeting(stack: Pick<Stack, "url" | "signInUrl" | "apiKey">, settings: Greeted, ms: number, isTerminal: boolean): string {
  const at = settings.publicUrl ?? stack.url;
  // What a server prints is kept in its log, where a key would stay; the link is over soon.
  const apiKey = settings.publicUrl === null || isTerminal ? stack.apiKey : `in ${join(settings.dataDir, "secrets.json")}`;
  const proxied = settings.publicUrl === null ? "" : `    Proxy to  ${stack.url}\n`;
  return `
  Berth is ready (${(ms / 1000).toFixed(1)} s)

    Page      ${at}
${proxied}    Sign in   ${stack.signInUrl}
              opens the page signed in; works once, within ten minutes
    API key   ${apiKey}
    API docs  ${at}/docs
    Sandboxes ${sandboxesLine(settings)}
    State     ${settings.dataDir}

  Ctrl-C stops it. State is kept; start again any time.
`;
}
