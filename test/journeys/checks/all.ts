/** Every check, in the order they run. */
import type { Check } from "../check.ts";
import { localFolder } from "./folder.ts";
import { historyEqualsStream } from "./history.ts";
import { permissionGranted, questionAnswered, stopped } from "./requests.ts";
import { lateViewer, reconnectSocket, reconnectSse } from "./streams.ts";
import { queuedTurn, sandboxReady, singleReply, textAroundTool, toolInSandbox } from "./turns.ts";

export const CHECKS: readonly Check[] = [
  sandboxReady,
  singleReply,
  queuedTurn,
  toolInSandbox,
  textAroundTool,
  reconnectSse,
  reconnectSocket,
  lateViewer,
  questionAnswered,
  stopped,
  historyEqualsStream,
  permissionGranted,
  localFolder,
];
