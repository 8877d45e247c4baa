import type { CLIENT_ACTIONS } from "../../../packages/protocol/src/frames.ts";

export const SOCKET_POLICIES: Record<keyof typeof CLIENT_ACTIONS, string> = { knock: "viewer" };
