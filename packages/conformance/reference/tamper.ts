/** Where a reference server can be bent into a broken one. Without these it keeps the contract. */

export type Json = Record<string, unknown>;
export type Frame = Json & { readonly type: string };
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}
export type Transport = "page" | "sse" | "ws";

/** What a restart leaves as it is. */
export interface Kept {
  readonly log: Json[];
  readonly queue: Json[];
  readonly asked: Map<string, unknown>;
  readonly outputs: Map<string, string>;
  readonly steers: Json[];
  readonly inbox: Json[];
  readonly answers: Map<string, unknown>;
}

export interface Tamper {
  /** The position as it is understood. */
  readonly after?: (after: number, transport: Transport) => number;
  /** Bounds of what streams hold, as the check for `reset` sees them. */
  readonly bounds?: (first: number, last: number) => readonly [number, number];
  /** What one message to a viewer becomes. `memo` lives as long as the connection. */
  readonly out?: (frame: Frame, memo: Json, transport: Transport) => readonly Frame[];
  /** What a viewer says; null: it was not heard. */
  readonly in?: (text: string, memo: Json) => string | null;
  /** Text of server-sent events. */
  readonly sse?: (text: string, memo: Json) => string;
  /** An answer that is not a stream. */
  readonly answer?: (answer: Answer, method: string, path: string, query: URLSearchParams) => void;
  /** An event before it is committed; null: it is not. */
  readonly commit?: (event: Json & { type: string; data: Json }, memo: Json) => Json | null;
  /** What a session loses when the server is started again. `kept` holds what it should not. */
  readonly lose?: (kept: Kept) => void;
  /** Switches for what cannot be bent from outside. */
  readonly off?: readonly Switch[];
}

/** Things the server leaves out. */
export type Switch =
  | "accept" | "auth" | "before" | "behind" | "cancel" | "cards-unwatched" | "close-cards" | "catch-up" | "credit" | "cut" | "deferred" | "delivery" | "deltas-apart" | "fifo" | "forget" | "idempotency" | "idle" | "inline" | "keep-alive" | "kinds" | "last-event-id" | "moves" | "one-use" | "open-parts" | "order"
  | "organizations" | "own-names" | "own-requests" | "permissions" | "ownership" | "retire-key" | "retire-session" | "sse-headers" | "stall" | "steering" | "taken" | "ticket-known" | "ticket-end" | "ticks" | "validation" | "waiting";
