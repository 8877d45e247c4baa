/**
 * The tunnel: what the control plane and the runtime say to each other on `WSS /v1/sandbox/tunnel`, which the runtime dials
 * when its link asks it to. It carries streams that the control plane opens and the sandbox answers. Words about a stream
 * are JSON in text messages; what a stream carries is binary: four bytes of the stream's id, big-endian, one byte of the
 * kind, then the bytes.
 */
import { z } from "zod";
import { PortNumber } from "./ports.ts";

/** Of one stream in one direction: bytes that may be on their way or not yet taken by the far end. */
export const TUNNEL_WINDOW_BYTES = 256 * 1024;
/** Of one binary message, without its head. */
export const TUNNEL_CHUNK_BYTES = 32 * 1024;
/** Of one text message, in UTF-16 units: words are outside the window. */
export const TUNNEL_TEXT_UNITS_MAX = 128 * 1024;
/** Of one stream, said by the sandbox. */
export const TUNNEL_WORDS_MAX = 1_000;

const id = z.int().positive().max(0xffff_ffff);
/** What a stream is for, and what it was answered, is between its two ends: a runtime refuses what it does not know. */
const words = z.record(z.string(), z.unknown());

export const TunnelFrame = z.discriminatedUnion("type", [
  /** Control plane only; ids rise. */
  z.object({ type: z.literal("open"), id, what: words }),
  /** Sandbox only, once, before anything else of the stream. */
  z.object({ type: z.literal("head"), id, head: words }),
  /** So many bytes more were taken. */
  z.object({ type: z.literal("credit"), id, bytes: z.int().positive() }),
  /** Something about the stream in the middle of it, such as a new size. */
  z.object({ type: z.literal("word"), id, word: words }),
  /** Nothing more comes from this end. */
  z.object({ type: z.literal("end"), id }),
  /** The stream is over in both directions. */
  z.object({ type: z.literal("reset"), id, reason: z.string().max(500) }),
]);
export type TunnelFrame = z.infer<typeof TunnelFrame>;

const cells = z.int().min(1).max(1_000);
export const TerminalSize = z.object({ cols: cells, rows: cells });
export type TerminalSize = z.infer<typeof TerminalSize>;

/** Of a terminal, which outlives its sockets: whoever opens the same name finds the same shell. */
export const TerminalName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** The shell of this name, made where there is none. Its stream carries what is typed, and what is shown. */
export const OpenTerminal = TerminalSize.extend({ kind: z.literal("terminal"), name: TerminalName });
export type OpenTerminal = z.infer<typeof OpenTerminal>;
/** `fresh`: a new shell. What an older one showed last comes first. */
export const TerminalHead = z.object({ fresh: z.boolean() });
/** A word of the control plane's. */
export const TerminalResize = TerminalSize.extend({ resize: z.literal(true) });
/** Of the sandbox to the stream that had the shell: another one has it now. */
export const TerminalMoved = z.object({ moved: z.literal(true) });
/** The sandbox's last word. */
export const TerminalExit = z.object({ exit: z.int() });

/** What a ticket is to open. */
export const WorkspaceTicketRequest = z.discriminatedUnion("what", [
  z.strictObject({ what: z.literal("terminal") }),
  z.strictObject({ what: z.literal("port"), port: PortNumber.describe("on which something is served inside the sandbox") }),
]);
export type WorkspaceTicketRequest = z.infer<typeof WorkspaceTicketRequest>;
export const WorkspaceTicket = z.object({ ticket: z.string(), url: z.string(), expiresAt: z.iso.datetime() });
export type WorkspaceTicket = z.infer<typeof WorkspaceTicket>;

/** A page → `WS …/terminal`, as text; what is typed is binary. */
export const TerminalClientFrame = z.discriminatedUnion("type", [
  TerminalSize.extend({ type: z.literal("resize") }),
  /** All that came before this mark is shown: gives the shell its credit back. */
  z.strictObject({ type: z.literal("ack"), mark: z.string().max(64) }),
]);
export type TerminalClientFrame = z.infer<typeof TerminalClientFrame>;

/** `WS …/terminal` → a page, as text; what the shell shows is binary. */
export type TerminalServerFrame =
  /** The shell is there. `fresh`: it was made for this socket; otherwise what it showed last comes now. */
  | { readonly type: "opened"; readonly fresh: boolean }
  /** To be given back once all that came before it is shown; no more than 256 KB come meanwhile. */
  | { readonly type: "mark"; readonly mark: string }
  /** Another socket has the shell now. This one closes. */
  | { readonly type: "moved" }
  /** The shell ended. The socket closes. */
  | { readonly type: "exited"; readonly code: number };
