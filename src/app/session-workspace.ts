/** What can be asked of a session about its sandbox's inside: one call with a command, since it crosses between objects. */
import type { Author } from "./session-handle.ts";

/** What a ticket opens. */
export type WorkspaceUse = "terminal" | "port";

export type WorkspaceCommand =
  /** A one-use ticket, for who may act in the session while there is a sandbox. */
  | { readonly do: "ticket"; readonly use: "terminal" }
  | { readonly do: "ticket"; readonly use: "port"; readonly port: number }
  /** Takes the ticket. Asks for no author: it answers who made it. */
  | { readonly do: "redeem"; readonly use: "terminal"; readonly ticket: string }
  /** Takes a ticket for that port, for a pass that a browser shows from then on. Asks for no author. */
  | { readonly do: "preview"; readonly ticket: string; readonly port: number }
  /** Who shows the pass, which it makes good for as long again. Asks for no author. */
  | { readonly do: "pass"; readonly pass: string; readonly port: number }
  /** They are in the sandbox from now on. `acts`: to change something, or so that they may. `tunnelEpoch`: of the tunnel that is open; where that is not the sandbox's, it is asked to dial. */
  | { readonly do: "enter"; readonly acts: boolean; readonly tunnelEpoch: number | null }
  /** Whether who is inside may stay. `acted`: since it was asked last. Asks for no author. */
  | { readonly do: "stand"; readonly visitors: readonly { readonly author: Author; readonly acted: boolean }[] };

export interface WorkspaceAnswers {
  readonly ticket: { readonly ticket: string; readonly expiresAt: string };
  readonly redeem: Author;
  readonly preview: { readonly pass: string };
  readonly pass: Author;
  readonly enter: { readonly epoch: number };
  /** `epoch`: of the sandbox that runs now; null where none does. Null in `mayStay`: it could not be asked. */
  readonly stand: { readonly epoch: number | null; readonly mayStay: readonly (boolean | null)[] };
}
