import { enter } from "../app/enter.ts";
import type { Door } from "../ports/door/door.port.ts";

export const onKnock = (door: Door, nowMs: number): string => enter(door, nowMs);
