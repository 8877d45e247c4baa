/**
 * What a server under test may lack, with the one reason that is told for it: the list is closed. Cases that need what is
 * lacking are left out, and listed with that reason.
 */

/** Lacking where the kit was not given what it takes. */
const NOT_GIVEN = {
  archive: "it is not known after how few events this server archives older ones (eventsHeld)",
  "other-organization": "no key of another organization was given (otherKey)",
  restart: "it is not known how this server is started again (restart)",
} as const;

/** Lacking where it is said so. */
const NOT_THERE = {
  "api-keys": "keys are not made and revoked at /v1/api-keys here",
  order: "messages that wait keep their order here, none can be moved",
  outputs: "no tool prints as much here as is too much for an event (64 KB)",
  permissions: "no tool waits here until it is permitted",
  steering: "a turn that runs takes no further messages here",
} as const;

export const LACKING = { ...NOT_GIVEN, ...NOT_THERE } as const;
export type Need = keyof typeof LACKING;
/** What can be said to be lacking; the rest follows from what the kit was given. */
export type MayLack = keyof typeof NOT_THERE;
export const MAY_LACK = Object.keys(NOT_THERE) as readonly MayLack[];

/** What a client may lack. */
export const CLIENT_LACKING = {
  actions: "it sends nothing over the WebSocket",
  steering: "it sends no messages for a turn that runs",
  outputs: "it reads no big outputs",
  waiting: "it does not show which messages wait",
  cards: "it does not show what is asked",
} as const;
export type ClientNeed = keyof typeof CLIENT_LACKING;

export interface Lack {
  readonly need: Need;
  readonly reason: string;
}

export interface Given {
  readonly lacks?: readonly MayLack[];
  readonly eventsHeld?: number;
  readonly otherKey?: string;
  readonly restart?: () => Promise<void>;
}

export function lacksOf({ lacks = [], eventsHeld, otherKey, restart }: Given): readonly Lack[] {
  const needs: Need[] = [...lacks];
  if (eventsHeld === undefined) needs.push("archive");
  if (otherKey === undefined) needs.push("other-organization");
  if (restart === undefined) needs.push("restart");
  return needs.map((need) => ({ need, reason: LACKING[need] }));
}
