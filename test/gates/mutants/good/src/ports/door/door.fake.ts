import type { Door } from "./door.port.ts";

export class InMemoryDoor implements Door {
  open() {
    return "open" as const;
  }
}
