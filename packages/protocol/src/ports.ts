/** What a program serves on a port of the sandbox: streams of the tunnel that carry one request, or one WebSocket, each. */
import { z } from "zod";

export const PortNumber = z.int().min(1).max(65_535);

const headers = z.array(z.tuple([z.string(), z.string()]));

/** The stream carries the body there and back; for a `socket` messages, as `src/core/tunnel/port-messages.ts` writes them. */
export const OpenPort = z.object({
  kind: z.literal("port"),
  port: PortNumber,
  socket: z.boolean(),
  method: z.string().regex(/^[A-Z]{1,20}$/),
  /** With its query. */
  path: z.string().startsWith("/"),
  headers,
});
export type OpenPort = z.infer<typeof OpenPort>;

export const PortHead = z.discriminatedUnion("is", [
  z.object({ is: z.literal("answer"), status: z.int().min(200).max(599), headers }),
  /** `protocol`: what was agreed on; empty for none. */
  z.object({ is: z.literal("socket"), protocol: z.string().regex(/^[\x21-\x7e]*$/) }),
  /** `silent`: nothing listens there. `broken`: what listens does not answer as it should. */
  z.object({ is: z.literal("refused"), why: z.enum(["silent", "broken"]), detail: z.string().max(300) }),
]);
export type PortHead = z.infer<typeof PortHead>;

/** Of one message of a WebSocket, either way. */
export const PORT_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

export const ListeningPort = z.object({ port: PortNumber, program: z.string().max(64).describe("that listens there, as the system calls it"), name: z.string().max(32).optional().describe("that the session's environment has for it") });
export type ListeningPort = z.infer<typeof ListeningPort>;
export const ListeningPorts = z.object({
  ports: z.array(ListeningPort).max(1_000).describe("by number"),
  expected: z.array(z.object({ port: PortNumber, name: z.string().max(32) })).max(20).optional().describe("named by the session's environment, and nothing listens there yet"),
});
export type ListeningPorts = z.infer<typeof ListeningPorts>;

/** A stream that is answered by its head, `ListeningPorts`, and ends. */
export const OpenPortList = z.object({ kind: z.literal("port-list") });
export type OpenPortList = z.infer<typeof OpenPortList>;
