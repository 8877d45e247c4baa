/** Opens a session's store for as long as a view shows it. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useBerth } from "./berth-context.tsx";
import { SessionStore, type SessionView } from "./session-store.ts";

export function useSession(id: string): { readonly store: SessionStore; readonly view: SessionView } {
  const berth = useBerth();
  const store = useMemo(() => new SessionStore(berth.session(id)), [berth, id]);
  useEffect(() => {
    store.open();
    // Somebody may have been let do more, or less, meanwhile.
    const look = (): void => {
      if (document.visibilityState === "visible") store.askRight();
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      store.close();
    };
  }, [store]);
  return { store, view: useSyncExternalStore(store.subscribe, store.view) };
}
