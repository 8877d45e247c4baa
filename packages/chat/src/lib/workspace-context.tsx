/** What several views share: the models, and the list of sessions. */
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";
import type { Model, SessionSummary, WaitingFor } from "@berth/sdk";
import { useBerth } from "./berth-context.tsx";
import { useLoad, type Loaded } from "./use-load.ts";

export interface SharedState {
  readonly models: Loaded<readonly Model[]>;
  readonly sessions: Loaded<SessionList>;
  /** Shows more of the list of sessions. */
  readonly showMore: () => void;
  /** What the open session's own stream says, which is newer than the list. */
  readonly setLive: (live: LiveSession | null) => void;
}

export type LiveSession = Pick<SessionSummary, "id" | "title" | "status"> & { readonly waitingFor: WaitingFor | null };

export interface SessionList {
  readonly items: readonly SessionSummary[];
  readonly hasMore: boolean;
}

const SharedContext = createContext<SharedState | null>(null);
const PAGE = 50;
/** There is no feed of all sessions yet; the open one is live, the others are as old as this. */
const REFRESH_MS = 4_000;

export function SharedProvider({ children }: { readonly children: ReactNode }) {
  const berth = useBerth();
  const [wanted, setWanted] = useState(PAGE);
  const models = useLoad(useCallback(() => berth.models.list().all(), [berth]));
  const sessions = useLoad(async (): Promise<SessionList> => {
    const { data, next } = await berth.sessions.list().page({ limit: Math.min(wanted, 500) });
    return { items: data, hasMore: next !== null };
  });
  const { reload } = sessions;
  useEffect(() => {
    void reload();
    const refresh = (): void => {
      if (document.visibilityState === "visible") void reload();
    };
    const timer = setInterval(refresh, REFRESH_MS);
    document.addEventListener("visibilitychange", refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refresh);
    };
  }, [reload, wanted]);
  const showMore = useCallback(() => setWanted((count) => count + PAGE), []);
  const [live, setLive] = useState<LiveSession | null>(null);
  const shown = { ...sessions, data: sessions.data && { ...sessions.data, items: overlay(sessions.data.items, live) } };
  return <SharedContext value={{ models, sessions: shown, showMore, setLive }}>{children}</SharedContext>;
}

const NOTHING: SharedState = {
  models: { data: undefined, error: null, reload: async () => undefined },
  sessions: { data: undefined, error: null, reload: async () => undefined },
  showMore: () => undefined,
  setLive: () => undefined,
};

/** For who is signed in to no organization: there is one session and nothing around it. */
export function NothingShared({ children }: { readonly children: ReactNode }) {
  return <SharedContext value={NOTHING}>{children}</SharedContext>;
}

function overlay(items: readonly SessionSummary[], live: LiveSession | null): readonly SessionSummary[] {
  if (!live) return items;
  return items.map((session) => {
    if (session.id !== live.id) return session;
    const { waitingFor: _older, ...rest } = session;
    const { waitingFor, ...newer } = live;
    return { ...rest, ...newer, ...(waitingFor ? { waitingFor } : {}) };
  });
}

export function useShared(): SharedState {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error("useShared outside of SharedProvider");
  return shared;
}

export function isDemo(models: readonly Model[] | undefined, id: string | null): boolean {
  return models?.find((model) => model.id === id)?.demo ?? id?.startsWith("demo/") ?? false;
}

/** Whether it is surely none that the reader is offered. */
export function isMissing(models: readonly Model[] | undefined, id: string | null): boolean {
  return models !== undefined && id !== null && !models.some((model) => model.id === id);
}
