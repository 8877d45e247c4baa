/** `/v1/sandbox/checkpoint-blobs/:name`: where a sandbox keeps what it saved of its work. */
import { CheckpointBlobs } from "../src/app/checkpoints.ts";
import { bearerOf } from "./auth.ts";
import { createSubApp, route, type Call } from "./route.ts";

export const checkpointBlobs = createSubApp();

const ALL = "/v1/sandbox/checkpoint-blobs";
const common = {
  policy: "sandbox-token",
  audit: { exempt: "A sandbox's own traffic, not somebody's deed: it keeps its session's work." },
  scope: null,
  tag: "Sandbox",
  description: "For Berth's own runtime, with the token of the session's current sandbox; not part of the public contract.",
} as const;
const one = { ...common, path: `${ALL}/:name` } as const;

function blobsOf({ request, services }: Call<"sandbox-token", unknown, unknown>): Promise<CheckpointBlobs> {
  return CheckpointBlobs.of(services, bearerOf(request.headers.get("authorization")) ?? "");
}

route(
  checkpointBlobs,
  { ...common, method: "get", path: ALL, summary: "List the blobs of a session's checkpoints", success: { status: 200, description: "A page of names, in order" } },
  async (call) => Response.json(await (await blobsOf(call)).list(call.url.searchParams.get("after"))),
);

route(checkpointBlobs, { ...one, method: "get", summary: "Read a blob of a checkpoint", success: { status: 200, description: "The bytes" } }, async (call) => {
  const bytes = await (await blobsOf(call)).get(call.param("name"));
  return new Response(new Uint8Array(bytes), { headers: { "content-type": "application/octet-stream", "cache-control": "no-store" } });
});

route(checkpointBlobs, { ...one, method: "put", summary: "Store a blob of a checkpoint", success: { status: 204, description: "It is stored" } }, async (call) => {
  await (await blobsOf(call)).put(call.param("name"), call.request);
  return new Response(null, { status: 204 });
});

route(checkpointBlobs, { ...one, method: "delete", summary: "Delete a blob of a checkpoint", success: { status: 204, description: "It is gone" } }, async (call) => {
  await (await blobsOf(call)).delete(call.param("name"));
  return new Response(null, { status: 204 });
});
