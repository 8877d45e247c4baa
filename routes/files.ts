/** Files of a session's work folder, read and written beside its agent while there is a sandbox. */
import { LIMITS, WrittenFile, type OpenFiles, type Problem } from "@berth/protocol";
import { z } from "zod";
import { filesRequest } from "../src/app/http/workspace-request.ts";
import { ProblemError, refuseField } from "../src/app/http/problem-error.ts";
import { PROBLEM_HEADER } from "../src/app/workspace/file-transfer.ts";
import { authorOf } from "./auth.ts";
import { json } from "./paging.ts";
import { createSubApp, route, type Call } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";
import { openHandle } from "./session-access.ts";

export const files = createSubApp();

// Whoever may act in the session may have its agent read any file; whoever may only watch sees what the agent shows.
const common = { policy: "principal", scope: "sessions:write", tag: "Workspace" } as const;
const INSIDE = "The path is from the work folder on; links are followed as long as they stay in it. Answers `conflict` while there is no sandbox.";

function pathQuery(of: string) {
  return z.object({ path: z.string().max(4_096).optional().describe(of) });
}

route(
  files,
  {
    ...common,
    method: "get",
    path: "/v1/sessions/:sessionId/files",
    summary: "List a folder of the work folder",
    description: `At most 1,000 entries. ${INSIDE}`,
    query: pathQuery("of the folder; the work folder itself when absent"),
    success: { status: 200, schema: SCHEMAS.FolderListing },
  },
  async (call) => new Response((await transfer(call, "list", call.query.path ?? "")).body, { headers: { "content-type": "application/json", "cache-control": "no-store" } }),
);

route(
  files,
  {
    ...common,
    method: "get",
    path: "/v1/sessions/:sessionId/files/content",
    summary: "Read a file of the work folder",
    description: `At most ${LIMITS.workFileBytesMax} bytes. ${INSIDE}`,
    query: pathQuery("of the file"),
    success: { status: 200, description: "The bytes", mediaType: "application/octet-stream" },
  },
  async (call) => {
    const { body, headers } = await transfer(call, "read", call.query.path ?? "");
    // Whatever it is, no page of ours runs it.
    return new Response(body, { headers: { "content-type": "application/octet-stream", "content-disposition": "attachment", "cache-control": "no-store", "last-modified": headers.get("last-modified") ?? "" } });
  },
);

route(
  files,
  {
    ...common,
    method: "put",
    path: "/v1/sessions/:sessionId/files/content",
    streams: true,
    summary: "Write a file of the work folder",
    description: `The body is the file, at most ${LIMITS.workFileBytesMax} bytes. It takes its place when it is whole; folders on the way are made. ${INSIDE} Whoever writes has a say in the session as by a message.`,
    query: pathQuery("of the file"),
    success: { status: 200, schema: SCHEMAS.WrittenFile },
  },
  async (call) => {
    const path = call.query.path ?? "";
    const { size } = (await (await transfer(call, "write", path)).json()) as { size: number };
    return json(WrittenFile.parse({ path, size }));
  },
);

/** @throws ProblemError */
async function transfer({ services, principal, param, request }: Call<"principal", unknown, unknown>, does: OpenFiles["do"], path: string): Promise<Response> {
  const sessionId = param("sessionId");
  await openHandle(services, principal, sessionId);
  if (does !== "list" && path === "") refuseField("path", "Name a file of the work folder.");
  const { orgId } = principal;
  const body = does === "write" ? (request.body ?? new Blob([]).stream()) : null;
  const answer = await services.workspaces.of(orgId, sessionId).fetch(filesRequest({ orgId, sessionId }, authorOf(principal), { do: does, path }, body));
  if (answer.headers.has(PROBLEM_HEADER)) throw new ProblemError((await answer.json()) as Problem);
  return answer;
}
