/** The contract's rig on workerd's own streams, responses and timers; the host is a function, since there is no port to bind. */
import { BRANCH_MOVED } from "../../ports/source-control/source-control-faults.contract.ts";
import { CREDENTIAL, listing, scriptedGitBody, typed, type ScriptedGitAnswer, type SeenGitCall, type SourceControlRig } from "../../ports/source-control/source-control-kit.contract.ts";
import type { SourceControl } from "../../ports/source-control/source-control.port.ts";

interface WorkerRig extends SourceControlRig {
  misbehave(how: () => Response | Promise<Response>): void;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where the host is. */
export const HOST = "https://git.example";

export function createWorkerRig(create: (deps: { readonly fetch: Fetch }) => SourceControl): WorkerRig {
  let script: (path: string) => ScriptedGitAnswer = listing;
  let misbehaviour: (() => Response | Promise<Response>) | null = null;
  const seen: SeenGitCall[] = [];
  const source = create({
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url);
      const request = new Request(url, init);
      seen.push({ method: request.method, path: pathname + search, headers: request.headers, body: new TextDecoder().decode(await request.arrayBuffer()) });
      if (misbehaviour) return misbehaviour();
      const answer = script(pathname + search);
      return new Response(scriptedGitBody(answer), { status: answer.status ?? 200, headers: { ...answer.headers } });
    },
  });
  return {
    source,
    remote: { url: `${HOST}/team/app.git`, credential: CREDENTIAL },
    answer: (next) => {
      script = next;
    },
    seen,
    close: async () => undefined,
    misbehave: (how) => {
      misbehaviour = how;
    },
  };
}

const on = (act: (rig: WorkerRig) => void) => (rig: SourceControlRig) => act(rig as WorkerRig);
const refusing = (status: number, headers: Record<string, string> = {}) => on((rig) => rig.answer(() => ({ status, headers })));

export const WORKER_FAULTS: Readonly<Record<string, (rig: SourceControlRig) => void>> = {
  "source-control:inspect:no-repository": refusing(404),
  "source-control:inspect:wrong-credential": refusing(401),
  "source-control:inspect:not-git": on((rig) => rig.answer(() => ({ headers: { "content-type": "text/html" }, chunks: ["<html>"] }))),
  "source-control:forward:rate-limited": refusing(429, { "retry-after": "7" }),
  "source-control:forward:credential-expired": refusing(401),
  "source-control:forward:gone": refusing(404),
  "source-control:forward:moved": refusing(301, { location: "https://elsewhere.example/app.git/git-receive-pack" }),
  "source-control:forward:branch-moved": on((rig) => rig.answer(() => BRANCH_MOVED)),
  "source-control:forward:cut": on((rig) =>
    rig.misbehave(() => {
      const bytes = new TextEncoder().encode("0008NAK");
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent++ > 0) throw new Error("Network connection lost.");
          controller.enqueue(bytes);
        },
      });
      return new Response(body, { headers: typed("git-upload-pack-result") });
    }),
  ),
  "source-control:forward:slow": on((rig) =>
    rig.misbehave(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Response("0008NAK\n0000", { headers: typed("git-upload-pack-result") });
    }),
  ),
  "source-control:forward:no-answer": on((rig) => rig.misbehave(() => Promise.reject(new DOMException("No answer in time.", "TimeoutError")))),
};

/** Of a host that knows people. */
export const WORKER_PEOPLE_FAULTS: typeof WORKER_FAULTS = {
  "source-control:rightOf:not-told": refusing(403),
  "source-control:rightOf:rate-limited": refusing(403, { "retry-after": "7" }),
};
