/** Addresses of the page: `/` (new session), `/sessions/:id`, `/shared/:id` (a link to one), `/settings` and its parts. */
import { useSyncExternalStore } from "react";

/** What the settings are divided into; each has an address. */
export const SETTINGS_PARTS = ["general", "members", "teams", "repositories", "environments", "secrets", "spending"] as const;
export type SettingsPart = (typeof SETTINGS_PARTS)[number];

export type Route =
  | { readonly view: "new" }
  | { readonly view: "session"; readonly id: string }
  | { readonly view: "shared"; readonly id: string }
  | { readonly view: "settings"; readonly part: SettingsPart };

export function parseRoute(pathname: string): Route {
  const [first, second] = pathname.split("/").filter((step) => step !== "");
  if (first === "shared" && second) return { view: "shared", id: decodeURIComponent(second) };
  if (first === "sessions" && second) return { view: "session", id: decodeURIComponent(second) };
  return first === "settings" ? { view: "settings", part: SETTINGS_PARTS.find((part) => part === second) ?? "general" } : { view: "new" };
}

export function pathOf(route: Route): string {
  if (route.view === "session") return `/sessions/${encodeURIComponent(route.id)}`;
  if (route.view === "shared") return `/shared/${encodeURIComponent(route.id)}`;
  if (route.view === "new") return "/";
  return route.part === "general" ? "/settings" : `/settings/${route.part}`;
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
