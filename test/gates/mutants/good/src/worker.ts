import { createApp } from "../routes/index.ts";
import { createWoodenDoor } from "./adapters/door/wood.ts";
import { SOCKET_POLICIES } from "./app/session/viewer-actions.ts";
import { WorkerVars } from "./compose/env.ts";
import { VERSION } from "./compose/version.ts";
import { onKnock } from "./session/door-shell.ts";

export const parts = [createApp, createWoodenDoor, SOCKET_POLICIES, WorkerVars, VERSION, onKnock];
