/** A session's checkpoint blobs over HTTP, with the sandbox's own token; at the same address as the link. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { controlPlaneUrl } from "../control-plane.ts";
import type { Blobs, Piece } from "./archive.ts";
import { CheckpointError } from "./failure.ts";

const PATH = "/v1/sandbox/checkpoint-blobs";
const CALL_TIMEOUT_MS = 60_000;
const PAUSES_MS = [300, 1_500] as const;

const Listed = z.object({ items: z.array(z.object({ name: z.string(), bytes: z.int() })), next: z.string().nullable() });

/** @param linkUrl `ws://` or `wss://` address of the link */
export function createBlobClient({ linkUrl, token }: { readonly linkUrl: string; readonly token: string }): Blobs {
  const base = controlPlaneUrl(linkUrl, PATH).href;
  const call = (method: string, path: string, body?: Uint8Array): Promise<Response> => ask({ url: `${base}${path}`, token, method, body });
  return {
    put: async (name, bytes) => void (await (await call("PUT", `/${name}`, bytes)).arrayBuffer()),
    get: async (name) => {
      const response = await call("GET", `/${name}`);
      return response.status === 404 ? (await response.arrayBuffer(), null) : new Uint8Array(await response.arrayBuffer());
    },
    delete: async (name) => void (await (await call("DELETE", `/${name}`)).arrayBuffer()),
    list: async () => {
      const found: Piece[] = [];
      for (let next: string | null = ""; next !== null; ) {
        const page = Listed.parse(await (await call("GET", next === "" ? "" : `?after=${encodeURIComponent(next)}`)).json());
        found.push(...page.items);
        next = page.next;
      }
      return found;
    },
  };
}

interface Ask {
  readonly url: string;
  readonly token: string;
  readonly method: string;
  readonly body: Uint8Array | undefined;
}

/** Every call may be repeated: what is put is named by its content. @throws CheckpointError */
async function ask(request: Ask): Promise<Response> {
  for (const pauseMs of PAUSES_MS) {
    const answer = await once(request).catch((error: unknown) => (error instanceof CheckpointError ? Promise.reject(error) : null));
    if (answer) return answer;
    await delay(pauseMs);
  }
  const answer = await once(request).catch((error: unknown) => {
    throw error instanceof CheckpointError ? error : unreachable(error);
  });
  if (answer) return answer;
  throw unreachable();
}

/** Null for what may be another answer in a moment. */
async function once({ url, token, method, body }: Ask): Promise<Response | null> {
  const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/octet-stream" }) };
  const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(CALL_TIMEOUT_MS), ...(body && { body: body as BodyInit }) });
  if (response.ok || (method === "GET" && response.status === 404)) return response;
  const problem = (await response.json().catch(() => ({}))) as { readonly detail?: string; readonly fix?: string };
  if (response.status >= 500 || response.status === 429) return null;
  const isOver = response.status === 401;
  const message = problem.detail ?? `The place where checkpoints are kept answered ${response.status}.`;
  throw new CheckpointError({ code: isOver ? "checkpoint-revoked" : "checkpoint-refused", message, ...(problem.fix !== undefined && { fix: problem.fix }) }, { isOver });
}

function unreachable(cause?: unknown): CheckpointError {
  return new CheckpointError({ code: "checkpoint-store-unreachable", message: "The place where checkpoints are kept did not answer." }, { cause });
}
