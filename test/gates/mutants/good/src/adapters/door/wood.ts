import type { Door } from "../../ports/door/door.port.ts";

export const createWoodenDoor = (): Door => ({ open: () => "open" });
