/** Every question to a client. */
import type { ClientCase } from "../client-case.ts";
import { cursorCases } from "./cursor.ts";
import { clientDeltaCases } from "./deltas.ts";
import { endingCases } from "./endings.ts";
import { socketCases } from "./socket.ts";
import { sseTextCases } from "./sse-text.ts";
import { clientTurnCases } from "./turns.ts";

export const CLIENT_CASES: readonly ClientCase[] = [...cursorCases, ...clientDeltaCases, ...endingCases, ...sseTextCases, ...socketCases, ...clientTurnCases];
