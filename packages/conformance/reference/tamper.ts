/** Where a reference server can be bent into a broken one. Without these it keeps the contract. */

export type Json = Record<string, unknown>;
export type Frame = Json & { readonly type: string };
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}
export type Transport = "page" | "sse" | "ws";

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
  /** Switches for what cannot be bent from outside. */
  readonly off?: readonly Switch[];
}

/** Things the server leaves out. */
export type Switch =
  | "accept" | "auth" | "before" | "behind" | "cancel" | "catch-up" | "credit" | "cut" | "deferred" | "delivery" | "deltas-apart" | "fifo" | "forget" | "idempotency" | "idle" | "inline" | "keep-alive" | "last-event-id" | "moves" | "one-use" | "open-parts" | "order"
  | "organizations" | "own-names" | "ownership" | "retire-key" | "retire-session" | "sse-headers" | "stall" | "steering" | "taken" | "ticket-known" | "ticket-end" | "ticks" | "validation" | "waiting";
