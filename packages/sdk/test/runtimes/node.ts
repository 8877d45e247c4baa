/** The cases in Node: what `SDK_CASES` tells, as JSON, against that server. Prints the outcomes as JSON. */
import { WebSocket } from "ws";
import type { WebSocketConstructor } from "@berth/sdk";
import type { CaseContext } from "../cases.ts";
import { runAll } from "./run-all.ts";

const told = JSON.parse(process.env["SDK_CASES"] ?? "{}") as CaseContext;
// Node 20 has none of its own.
const hasWebSocket = "WebSocket" in globalThis;
const outcomes = await runAll(hasWebSocket ? told : { ...told, WebSocket: WebSocket as unknown as WebSocketConstructor });
console.log(JSON.stringify({ runtime: process.version, outcomes }));
