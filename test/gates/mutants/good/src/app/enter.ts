import { openedAt } from "../core/kernel/door-state.ts";
import type { Door } from "../ports/door/door.port.ts";

export const enter = (door: Door, nowMs: number): string => `${door.open()} at ${openedAt(nowMs)}`;
