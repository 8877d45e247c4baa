/** Numbers and times as people read them. */
import type { SessionStatus, SessionSummary, Usage, WaitingFor } from "@berth/sdk";

export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  if (seconds < 7 * 86_400) return `${Math.floor(seconds / 86_400)}d`;
  return new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

/** With its year, since it may be long ago or far ahead. */
export function day(iso: string): string {
  return new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

/** Of today, or of a day that is said beside it. */
export function clockTime(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

export function duration(ms: number): string {
  if (ms < 950) return `${Math.max(0, ms / 1000).toFixed(1)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function tokens(usage: Usage): string {
  const total = usage.inputTokens + usage.outputTokens + usage.reasoningTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  return `${total.toLocaleString("en-US")} tokens`;
}

export function cost(micros: number): string {
  const dollars = micros / 1_000_000;
  return `$${dollars < 0.01 ? dollars.toFixed(4) : dollars.toFixed(2)}`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} bytes`;
  return count < 1024 * 1024 ? `${Math.round(count / 1024)} KB` : `${(count / 1024 / 1024).toFixed(1)} MB`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const STATUS_LABELS: Readonly<Record<SessionStatus, string>> = {
  starting: "Starting",
  idle: "Ready",
  running: "Working",
  waiting: "Needs you",
  hibernated: "Asleep",
  failed: "Failed",
  ended: "Ended",
};

const WAITING_LABELS: Readonly<Record<WaitingFor, string>> = {
  permission: "Needs permission",
  question: "Has a question",
  budget: "Budget reached",
  interrupted: "Interrupted",
};

export function statusLabel(status: SessionStatus, waitingFor: WaitingFor | null | undefined): string {
  return status === "waiting" && waitingFor ? WAITING_LABELS[waitingFor] : STATUS_LABELS[status];
}

/** The last two steps of a path: enough to recognise it. */
export function shortPath(path: string): string {
  const steps = path.split("/").filter((step) => step !== "");
  return steps.length <= 2 ? path : `…/${steps.slice(-2).join("/")}`;
}

/** Where a session works, for a narrow line; null for an empty workspace. */
export function placeOf(workspace: SessionSummary["workspace"]): string | null {
  if (workspace.kind === "empty") return null;
  return workspace.kind === "folder" ? shortPath(workspace.path) : shortPath(new URL(workspace.url).pathname.replace(/(\.git)?\/*$/, ""));
}
