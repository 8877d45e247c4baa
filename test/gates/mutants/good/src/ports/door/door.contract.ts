import { describe, test } from "vitest";
import { DOOR_FAULTS } from "./door.faults.ts";

export function describeDoorContract({ name, inject }: { name: string; inject: readonly string[] }): void {
  describe(`door contract: ${name}`, () => {
    for (const rule of ["DOR1", "DOR2"]) test(`[${rule}] holds`, () => undefined);
    for (const { id } of DOOR_FAULTS.faults) if (inject.includes(id)) test(`[${id}] is reported`, () => undefined);
  });
}
