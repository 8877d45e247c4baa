/** The OpenAPI 3.1 document: made once per app from what is mounted, the event catalogue and the socket frames. */
import { ClientFrame, EVENT_TYPES, PROBLEM_TYPES, type ServerFrame } from "@berth/protocol";
import { z } from "zod";
import type { App } from "./route.ts";

const Delta = z.object({ partId: z.string(), offset: z.int().nonnegative().describe("UTF-16 units from the part's start"), text: z.string() });

/** The type is the protocol's; this says the same for the document. */
const ServerFrameDocument = z.union([
  z.object({ type: z.literal("frame"), frame: z.int().positive(), events: z.array(z.looseObject({ seq: z.int(), type: z.string() })), deltas: z.array(Delta) }),
  z.object({ type: z.literal("more"), frame: z.int().positive(), text: z.string() }),
  z.object({ type: z.literal("synced"), seq: z.int() }),
  z.object({ type: z.literal("reset"), from: z.int().describe("`seq` of the next event on this stream"), archive: z.string().optional().describe("where the events before it begin, as JSON pages") }),
  z.object({ type: z.literal("result"), requestId: z.string(), value: z.unknown() }),
  z.object({ type: z.literal("problem"), requestId: z.string().optional(), problem: z.looseObject({ type: z.string(), status: z.int() }) }),
]);
type FrameTypes = z.infer<typeof ServerFrameDocument>["type"];
/** A frame added to the protocol and not described here does not compile. */
const DESCRIBED: Readonly<Record<ServerFrame["type"], FrameTypes>> = {
  frame: "frame",
  more: "more",
  synced: "synced",
  reset: "reset",
  result: "result",
  problem: "problem",
};

const EVENTS_TAG = `Every session has one log. Committed events carry \`seq\`: 1, 2, 3 … without gaps, and the same number is
the cursor of JSON pages, server-sent events and the WebSocket. New types and fields may be added: ignore what you do not know.

**WebSocket.** Open \`WS /v1/sessions/{sessionId}/stream?after=<seq>\` with \`Authorization: Bearer <API key>\`, or from a
browser with \`?ticket=\` from \`stream-ticket\`. The server sends \`ServerFrame\` as JSON text (${Object.values(DESCRIBED).map((name) => `\`${name}\``).join(", ")}): what was
committed after \`seq\`, then \`synced\` once, then what happens, at most one frame per tick. Acknowledge each \`frame\` with
\`{"type":"ack","frame":n}\`; a viewer that falls too far behind is sent nothing until it does. \`reset\`
says that events between the asked position and \`from\` are not held here any more: read them as JSON pages from \`archive\`. \`ClientFrame\` lists
what may be sent; each action carries a \`requestId\`, and a \`result\` or \`problem\` answers it. The text \`ping\` is answered \`pong\`.

**Deltas** are pieces of a part that is still open: \`{partId, offset, text}\`. They have no \`seq\`; \`part.ended\` carries the
whole text and takes their place.

**Events:** ${EVENT_TYPES.map((type) => `\`${type}\` (schema \`Event_${type}\`)`).join(", ")}.`;

const PROBLEMS = Object.entries(PROBLEM_TYPES)
  .map(([slug, { status, title }]) => `| \`${slug}\` | ${status} | ${title} |`)
  .join("\n");

const INTRODUCTION = `The control plane for hosted coding agents.

Errors are \`application/problem+json\` (RFC 9457); branch on the last part of \`type\`:

| type | status | meaning |
| --- | --- | --- |
${PROBLEMS}

Lists answer \`{data, next}\`, with \`Link: <…>; rel="next"\`; give \`next\` back as \`cursor\`. Every POST takes
\`Idempotency-Key\` (1 to 255 characters).`;

export type OpenApiDocument = ReturnType<App["getOpenAPI31Document"]>;

export function makeDocument(app: App, version: string): OpenApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Berth", version, description: INTRODUCTION, license: { name: "MIT" } },
    tags: [
      { name: "Sessions", description: "A session is one piece of work with an agent in a sandbox of its own." },
      { name: "Events", description: EVENTS_TAG },
      { name: "Runs", description: "Durable history: one run per message." },
      { name: "Models", description: "Model providers and their keys. There is no default provider." },
      { name: "Repositories", description: "What sessions may work on. Sandboxes reach a repository through a broker, which adds its credential." },
      { name: "Environments", description: "What sessions on a repository begin with: variables, and a script that sets their sandbox up." },
      { name: "Secrets", description: "What sessions may use elsewhere. An agent reads one only where a person marked it so; otherwise a broker adds it to requests for the hosts that were named." },
      { name: "Budgets", description: "Caps in money, tokens, sandbox time and parallel sessions, and what was used. Reaching one pauses; nothing is killed." },
      { name: "Account", description: "Who you are, and keys for this API." },
      { name: "Organization", description: "Members, service accounts, teams and invitations." },
      { name: "Sharing", description: "Who may see one session: members, teams, links, and client tokens for pages of your own." },
      { name: "Machine", description: "What was found on the machine Berth runs on. Absent elsewhere." },
      { name: "Workspace", description: "The inside of a session's sandbox, for who may act in the session." },
      { name: "Sandbox", description: "For sandboxes, which hold a token of their own and no key." },
      { name: "Instance", description: "This installation of Berth." },
    ],
  });
  const frames = { ClientFrame: jsonSchema(ClientFrame), ServerFrame: jsonSchema(ServerFrameDocument), Delta: jsonSchema(Delta) };
  return {
    ...document,
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, ...frames },
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key." },
        signIn: { type: "apiKey", in: "cookie", name: "berth.session_token", description: "The cookie of a sign-in, from Berth's own pages; `__Secure-` goes before its name on https." },
        ticket: { type: "apiKey", in: "query", name: "ticket", description: "From `stream-ticket`; works once." },
        linkToken: { type: "http", scheme: "bearer", description: "The token of a link to a session." },
        sandboxToken: { type: "http", scheme: "bearer", description: "A sandbox's token, worth nothing elsewhere." },
        operatorToken: { type: "http", scheme: "bearer", description: "The operator's token of this instance." },
      },
    },
  };
}

type ComponentSchema = NonNullable<NonNullable<OpenApiDocument["components"]>["schemas"]>[string];

function jsonSchema(schema: z.ZodType): ComponentSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12" });
  return rest as ComponentSchema;
}
