import { CLIENT_ACTIONS } from "../../protocol/src/frames.ts";

export const knock = (): number => CLIENT_ACTIONS.knock;
