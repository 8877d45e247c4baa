/** The program in the sandbox: reads whom it works for, then joins the session and the agent until it is told to end. */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAcpAgent } from "../../../src/adapters/agent/acp.ts";
import { openCodeProgram } from "../../../src/adapters/agent/acp-opencode.ts";
import { createOpenCodeAgent } from "../../../src/adapters/agent/opencode.ts";
import { createOpenCodeMemory } from "../../../src/adapters/agent/opencode-memory.ts";
import { startWaitingOpenCode, type WaitingOpenCode } from "../../../src/adapters/agent/opencode-waiting.ts";
import { FileLog } from "./append-log.ts";
import { createBlobClient } from "./checkpoint/blob-client.ts";
import { chosenAgent } from "./chosen-agent.ts";
import { Checkpointer } from "./checkpoint/checkpointer.ts";
import { KeptState } from "./checkpoint/kept.ts";
import { systemClock } from "./clock.ts";
import { createBeginningReader, namedPorts } from "./environment/beginning.ts";
import { createSetup } from "./environment/setup.ts";
import { Files } from "./files/files.ts";
import { Journal } from "./journal.ts";
import { openGate, throughGate } from "./gate.ts";
import { agentReadyFile, LINK_FILE_PATH, readWaitArguments, takeLink, WAITING_READY_FILE, type WaitArguments } from "./link-file.ts";
import { controlPlaneUrl } from "./control-plane.ts";
import { giveGitAccess } from "./repository/git-access.ts";
import { createRepository } from "./repository/prepare.ts";
import { maskingAgent } from "./masking/masking-agent.ts";
import { measureInside } from "./policy/measure.ts";
import { acceptPort } from "./ports/ports.ts";
import { Runtime } from "./runtime.ts";
import { createSecretsClient } from "./secrets-client.ts";
import { Terminals } from "./tunnel/terminals.ts";
import { TunnelClient } from "./tunnel/tunnel-client.ts";
import { startWaitingAgent } from "./waiting-agent.ts";
import { dialer } from "./wire.ts";
import { inspectWorkspace } from "./workspace.ts";

const [linkPath = LINK_FILE_PATH, ...more] = process.argv.slice(2);
const waits = readWaitArguments(more);
const waiting = waits && startWaitingAgent(() => startAgentFor(waits), join(waits.home, WAITING_READY_FILE), (line) => console.error(line));
const link = await takeLink(linkPath);
// Whoever started it has ended, and nobody else knows of it.
if (link === null) process.exit(0);
const { token, epoch, workFolder, home, opencodePath, gate } = link;
const gatePort = gate === undefined ? null : await openGate(gate);
const url = gatePort === null ? link.url : throughGate(link.url, gatePort);
// Per epoch: another epoch numbers its messages anew and knows other prompts.
const runtimeFolder = join(home, ".berth-runtime");
const stateFolder = join(runtimeFolder, String(epoch));
for (const name of existsSync(runtimeFolder) ? readdirSync(runtimeFolder) : []) {
  if (Number(name) < epoch) rmSync(join(runtimeFolder, name), { recursive: true, force: true });
}

// Across epochs: the agent's own session goes on in the next sandbox.
const idLog = new FileLog(join(runtimeFolder, "opencode.jsonl"));

const tokenFile = join(stateFolder, "broker-token");

const programEnvironment = {
  ...agentEnvironment(),
  HOME: home,
  // For programs that call a host through the broker.
  BERTH_HTTP_BROKER: controlPlaneUrl(url, "/v1/broker/http").href,
  BERTH_TOKEN_FILE: tokenFile,
};

const opencode = { executable: opencodePath, home, tokenFile, log: idLog, environment: programEnvironment, randomBytes: (length: number) => randomBytes(length) };

const agent = maskingAgent(
  chosenAgent({
    opencode: () => createOpenCodeAgent({ ...opencode, now: () => Date.now(), ...(waiting && { takeWaiting: () => waiting.take() }) }),
    acp: () => {
      // Its server is for the other one, and holds half a gigabyte.
      void waiting?.forgo().catch(() => undefined);
      return createAcpAgent({ program: openCodeProgram(opencode), log: idLog });
    },
  }),
);

const memory = createOpenCodeMemory({ home, workFolder, log: idLog });

const checkpointer = new Checkpointer({
  workFolder,
  memory: {
    ...memory,
    async restore(folder) {
      await waiting?.forgo();
      await memory.restore(folder);
    },
  },
  blobs: createBlobClient({ linkUrl: url, token }),
  kept: new KeptState(join(runtimeFolder, "checkpoint"), link.sessionId, epoch),
  scratch: join(runtimeFolder, "scratch"),
  epoch,
  clock: systemClock,
  log: (line) => console.error(line),
});

const plane = { linkUrl: url, token };
const readSecrets = createSecretsClient(plane);
let given: Readonly<Record<string, string>> = {};

// What people start has no more than the agent's programs have, and none of the secrets that these may read.
const terminals = new Terminals({ workFolder, environment: programEnvironment, peopleAtWork: (areThey) => checkpointer.peopleAtWork(areThey) });
const files = new Files(workFolder);
const environmentFile = join(stateFolder, "environment.json");
const tunnel = new TunnelClient({ ...plane, accept: (what, stream) => terminals.accept(what, stream) ?? files.accept(what, stream) ?? acceptPort(what, stream, () => namedPorts(environmentFile)) ?? "This sandbox's runtime does not know that." });

const runtime = new Runtime({
  agent,
  journal: new Journal(new FileLog(join(stateFolder, "journal.jsonl"))),
  dial: dialer(url, token),
  clock: systemClock,
  random: () => Math.random(),
  epoch,
  workFolder,
  token,
  linkUrl: url,
  inspectWorkspace: () => inspectWorkspace(workFolder),
  checkpointer,
  readSecrets: async (signal) => (given = await readSecrets(signal)),
  readBeginning: createBeginningReader(plane, environmentFile),
  setUp: createSetup({ workFolder, environment: programEnvironment, folder: join(runtimeFolder, "setup"), owner: `${link.sessionId}-${epoch}`, token }),
  prepareRepository: createRepository({
    workFolder,
    environment: { ...agentEnvironment(), HOME: home },
    marker: join(runtimeFolder, "repository"),
    giveAccess: (repositoryUrl) => giveGitAccess({ home, runtimeFolder, stateFolder, linkUrl: url, token, repositoryUrl }),
  }),
  tunnel: {
    open: () => tunnel.open(),
    close: () => {
      tunnel.close();
      terminals.close();
    },
  },
  measurePolicy: () => measureInside({ url, token, workFolder, home, given, proxyPort: gatePort }),
  opened: () => writeFileSync(join(home, agentReadyFile(epoch)), ""),
  over: () => process.exit(0),
});

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void runtime.stop({ savesFirst: true }));
runtime.start();

/** For whichever session it will be. */
function startAgentFor({ home, workFolder, opencodePath }: WaitArguments): Promise<WaitingOpenCode> {
  return startWaitingOpenCode({
    executable: opencodePath,
    home,
    workFolder,
    environment: { ...agentEnvironment(), HOME: home },
    pluginFile: join(home, ".berth-runtime", "waiting.js"),
    randomBytes: (length) => randomBytes(length),
  });
}

/** What the host set for this sandbox, its marker by which it ends every process included. */
function agentEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !name.startsWith("OPENCODE_"));
  return Object.fromEntries(kept) as Record<string, string>;
}
