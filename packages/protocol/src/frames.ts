/**
 * What travels on `WS /v1/sessions/:id/stream`. One server frame per client per tick; `frame` counts per connection and
 * the viewer acknowledges it. The text `ping` is answered `pong` by the platform without waking the session.
 */
import { z } from "zod";
import type { SessionEvent } from "./events.ts";
import { Answer, Delivery, ModelId } from "./parts.ts";
import type { Problem } from "./problem.ts";

/** A piece of a part that is still open. `offset` counts UTF-16 units from the part's start. Never stored one by one. */
export interface Delta {
  readonly partId: string;
  readonly offset: number;
  readonly text: string;
}

export type ServerFrame =
  | { readonly type: "frame"; readonly frame: number; readonly events: readonly SessionEvent[]; readonly deltas: readonly Delta[] }
  /**
   * Only to who asks for it by `frames=short` in the address: the whole tick was this text, which goes on where the last text
   * of the connection ended. Counted and acknowledged as a `frame`.
   */
  | { readonly type: "more"; readonly frame: number; readonly text: string }
  /** Everything committed up to `seq` has been sent; what follows is live. Sent once per connection. */
  | { readonly type: "synced"; readonly seq: number }
  /**
   * The position is not held any more, or there never was such a one. The next event is `from`, on this socket too; what is
   * between is read as JSON pages that begin at the address `archive`, by the same cursor.
   */
  | { readonly type: "reset"; readonly from: number; readonly archive?: string }
  | { readonly type: "result"; readonly requestId: string; readonly value: unknown }
  | { readonly type: "problem"; readonly requestId?: string; readonly problem: Problem };

const requestId = z.string().min(1).max(64);

export const CLIENT_ACTIONS = {
  ack: z.strictObject({ type: z.literal("ack"), frame: z.int().positive() }),
  prompt: z.strictObject({
    type: z.literal("prompt"),
    requestId,
    text: z.string().min(1),
    model: ModelId.optional(),
    delivery: Delivery.optional(),
    idempotencyKey: z.string().min(1).max(255).optional(),
  }),
  cancel: z.strictObject({ type: z.literal("cancel"), requestId, messageId: z.string() }),
  stop: z.strictObject({ type: z.literal("stop"), requestId }),
  answer: z.strictObject({ type: z.literal("answer"), requestId, request: z.string(), answer: Answer }),
} as const;
export type ClientActionType = keyof typeof CLIENT_ACTIONS;

export const ClientFrame = z.discriminatedUnion("type", [
  CLIENT_ACTIONS.ack,
  CLIENT_ACTIONS.prompt,
  CLIENT_ACTIONS.cancel,
  CLIENT_ACTIONS.stop,
  CLIENT_ACTIONS.answer,
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

/** WebSocket close codes, always with a reason a person can read. */
export const CLOSE_CODES = {
  badRequest: 4400,
  unauthorized: 4401,
  /** Of a terminal: what was asked for is refused, for the reason that is given. The same again is refused again. */
  refused: 4403,
  notFound: 4404,
  slowViewer: 4408,
  /** The link belongs to an older epoch, or a newer link took its place. */
  fenced: 4409,
  sessionEnded: 4410,
  versionUnsupported: 4426,
  internal: 4500,
} as const;
