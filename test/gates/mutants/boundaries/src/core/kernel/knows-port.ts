import type { Door } from "../../ports/door/door.port.ts";

export type CoreDoor = Door;
