/** A clock is handed in; `Date.now` is only spoken of. */
export type DoorState = "open" | "shut";

export const openedAt = (nowMs: number): string => new Date(nowMs).toISOString();
