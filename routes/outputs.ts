/** Tool output that was too big for its event. */
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { OutputRead } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";
import { authorOf } from "./auth.ts";
import { createSubApp, route } from "./route.ts";
import { handleOf } from "./session-access.ts";

export const outputs = createSubApp();

route(
  outputs,
  {
    method: "get",
    path: "/v1/sessions/:sessionId/outputs/:name",
    policy: "principal",
    scope: "sessions:read",
    tag: "Events",
    summary: "Read a tool's whole output",
    description: "Output over 64 KB is not in its event, which holds its head, its tail and, as `outputRef`, this address. It goes with the session.",
    success: { status: 200, description: "The text", mediaType: "text/plain" },
  },
  async ({ services, principal, param }) => {
    const found = await handleOf(services, principal, param("sessionId")).output(param("name"), authorOf(principal));
    const text = await textOf(services, found);
    if (text === null) return refuse("not-found", "There is no such output. It is named by `outputRef` of a tool's event, and goes with its session.");
    return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "private, max-age=3600, immutable" } });
  },
);

async function textOf({ blobs }: Services, found: OutputRead): Promise<string | Uint8Array<ArrayBuffer> | null> {
  if (found === null) return null;
  if ("text" in found) return found.text;
  try {
    const blob = await blobs.get(found.key);
    return blob && new Uint8Array(blob.bytes);
  } catch (error) {
    if (!isPortError(error)) throw error;
    return refuse("unavailable", "The output cannot be read right now.");
  }
}
