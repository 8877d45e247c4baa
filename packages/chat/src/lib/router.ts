/** Addresses of the page: `/` (new session), `/sessions/:id`, `/settings`. */
import { useSyncExternalStore } from "react";

export type Route =
  | { readonly view: "new" }
  | { readonly view: "session"; readonly id: string }
  | { readonly view: "settings" };

export function parseRoute(pathname: string): Route {
  const [first, second] = pathname.split("/").filter((step) => step !== "");
  if (first === "sessions" && second) return { view: "session", id: decodeURIComponent(second) };
  return first === "settings" ? { view: "settings" } : { view: "new" };
}

export function pathOf(route: Route): string {
  if (route.view === "session") return `/sessions/${encodeURIComponent(route.id)}`;
  return route.view === "settings" ? "/settings" : "/";
}

const MOVED = "berth:moved";

export function navigate(route: Route, options: { readonly replace?: boolean } = {}): void {
  const path = pathOf(route);
  if (path === location.pathname) return;
  history[options.replace ? "replaceState" : "pushState"](null, "", path);
  dispatchEvent(new Event(MOVED));
}

function subscribe(listener: () => void): () => void {
  addEventListener("popstate", listener);
  addEventListener(MOVED, listener);
  return () => {
    removeEventListener("popstate", listener);
    removeEventListener(MOVED, listener);
  };
}

export function usePathname(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}
