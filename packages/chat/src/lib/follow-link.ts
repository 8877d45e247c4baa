/** Links within the page. */
import type { MouseEvent } from "react";
import { navigate, type Route } from "./router.ts";

/** A plain click stays in the page; a new tab is the browser's. */
export function followLink(event: MouseEvent, route: Route, onNavigate: () => void): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  navigate(route);
  onNavigate();
}
