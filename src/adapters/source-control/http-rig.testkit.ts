/** The contract's rig: a server of this machine that answers as scripted, and its faults as it makes them happen. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BRANCH_MOVED } from "../../ports/source-control/source-control-faults.contract.ts";
import { CREDENTIAL, listing, typed, type ScriptedGitAnswer, type SeenGitCall, type SourceControlRig } from "../../ports/source-control/source-control-kit.contract.ts";
import type { SourceControl } from "../../ports/source-control/source-control.port.ts";

interface HttpRig extends SourceControlRig {
  misbehave(how: (response: ServerResponse) => void): void;
  stopListening(): Promise<void>;
  /** Calls from now on wait for a short time only. */
  hurry(): void;
}

interface Deps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly answerTimeoutMs?: number;
}

export async function createHttpRig(create: (origin: string, deps: Deps) => SourceControl): Promise<HttpRig> {
  let script: (path: string) => ScriptedGitAnswer = listing;
  let misbehaviour: ((response: ServerResponse) => void) | null = null;
  const seen: SeenGitCall[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    seen.push({ method: request.method ?? "", path, headers: headersOf(request), body: await bodyOf(request) });
    await (misbehaviour ? misbehaviour(response) : play(script(path), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const deps = { fetch: (url: string, init: RequestInit) => fetch(url, init) };
  const origin = `http://127.0.0.1:${port}`;
  let source = create(origin, deps);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    source: {
      inspect: (remote, signal) => source.inspect(remote, signal),
      forward: (call) => source.forward(call),
      knowsPeople: (url) => source.knowsPeople(url),
      rightOf: (remote, accountId, signal) => source.rightOf(remote, accountId, signal),
    },
    remote: { url: `${origin}/team/app.git`, credential: CREDENTIAL },
    answer: (next) => {
      script = next;
    },
    seen,
    close,
    misbehave: (how) => {
      misbehaviour = how;
    },
    stopListening: close,
    hurry: () => {
      source = create(origin, { ...deps, answerTimeoutMs: 20 });
    },
  };
}

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function play({ status = 200, headers = {}, chunks = [], beforeLast }: ScriptedGitAnswer, response: ServerResponse): Promise<void> {
  response.writeHead(status, headers);
  for (const [index, chunk] of chunks.entries()) {
    if (index === chunks.length - 1) await beforeLast;
    await new Promise((resolve) => response.write(chunk, resolve));
  }
  response.end();
}

const on = (act: (rig: HttpRig) => Promise<void> | void) => (rig: SourceControlRig) => act(rig as HttpRig);
const refusing = (status: number, headers: Record<string, string> = {}) => on((rig) => rig.answer(() => ({ status, headers })));

export const HTTP_FAULTS: Readonly<Record<string, (rig: SourceControlRig) => Promise<void> | void>> = {
  "source-control:inspect:no-repository": refusing(404),
  "source-control:inspect:wrong-credential": refusing(401),
  "source-control:inspect:not-git": on((rig) => rig.answer(() => ({ headers: { "content-type": "text/html" }, chunks: ["<html>"] }))),
  "source-control:forward:rate-limited": refusing(429, { "retry-after": "7" }),
  "source-control:forward:credential-expired": refusing(401),
  "source-control:forward:gone": refusing(404),
  "source-control:forward:moved": refusing(301, { location: "https://elsewhere.example/app.git/git-receive-pack" }),
  "source-control:forward:branch-moved": on((rig) => rig.answer(() => BRANCH_MOVED)),
  "source-control:forward:cut": on((rig) =>
    rig.misbehave((response) => {
      response.writeHead(200, typed("git-upload-pack-result"));
      response.write("0008NAK", () => response.destroy());
    }),
  ),
  "source-control:forward:slow": on((rig) =>
    rig.misbehave((response) => void setTimeout(() => response.writeHead(200, typed("git-upload-pack-result")).end("0008NAK\n0000"), 20)),
  ),
  "source-control:forward:unreachable": on((rig) => rig.stopListening()),
  "source-control:forward:no-answer": on((rig) => {
    rig.misbehave(() => undefined);
    rig.hurry();
  }),
};

/** Of a host that knows people. */
export const HTTP_PEOPLE_FAULTS: typeof HTTP_FAULTS = {
  "source-control:rightOf:not-told": refusing(403),
  "source-control:rightOf:rate-limited": refusing(403, { "retry-after": "7" }),
  "source-control:rightOf:unreachable": on((rig) => rig.stopListening()),
};
