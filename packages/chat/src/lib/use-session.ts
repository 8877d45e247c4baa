/** Opens a session's store for as long as a view shows it. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useBerth } from "./berth-context.tsx";
import { SessionStore, type SessionView } from "./session-store.ts";

export function useSession(id: string): { readonly store: SessionStore; readonly view: SessionView } {
  const berth = useBerth();
  const store = useMemo(() => new SessionStore(berth.session(id)), [berth, id]);
  useEffect(() => {
    store.open();
    return () => store.close();
  }, [store]);
  return { store, view: useSyncExternalStore(store.subscribe, store.view) };
}
