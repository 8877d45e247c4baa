/** Roles and links in a reader's words. */
import type { CreateShareLink, Share } from "@berth/sdk";
import { clockTime, day, plural } from "./format.ts";

export type LinkRole = CreateShareLink["role"];

export const SHARE_ROLE_WORDS: Readonly<Record<LinkRole, string>> = {
  collaborator: "Works in it: sends messages, stops, answers.",
  viewer: "Watches it.",
};

/** How long a link can be good for. */
export const LINK_LIVES: readonly { readonly hours: number; readonly label: string }[] = [
  { hours: 1, label: "1 hour" },
  { hours: 24, label: "1 day" },
  { hours: 7 * 24, label: "7 days" },
  { hours: 30 * 24, label: "30 days" },
];

/** One whose uses are up still carries whom it let in last. */
export function isLive({ expiresAt }: Share, now: number): boolean {
  return expiresAt === undefined || Date.parse(expiresAt) > now;
}

export function usesLeft({ uses = 0, usesMax = 0 }: Share): string {
  const left = Math.max(0, usesMax - uses);
  return left === 0 ? "used up" : `${plural(left, "use")} left of ${usesMax}`;
}

/** The hour matters only while it is near. */
export function until(iso: string, now: number): string {
  return Date.parse(iso) - now < 24 * 3_600_000 ? `until ${day(iso)}, ${clockTime(iso)}` : `until ${day(iso)}`;
}
