/** What one may do in the session that is shown. Until the server said so, everything: it refuses what one may not. */
import { createContext, useContext } from "react";
import type { SessionRight } from "@berth/sdk";

export const SessionRightContext = createContext<SessionRight | null>(null);

export interface Rights {
  /** Messages, stops, answers. */
  readonly mayWork: boolean;
  /** Shares it, deletes it. */
  readonly mayManage: boolean;
}

export function useRights(): Rights {
  const right = useContext(SessionRightContext);
  return { mayWork: right !== "read", mayManage: right === null || right === "manage" };
}
