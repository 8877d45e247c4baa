import { describe, test } from "vitest";
import { createWoodenDoor } from "../../adapters/door/wood.ts";

export function describeDoorContract({ name }: { name: string }): void {
  describe(`door contract: ${name}`, () => test(`[DOR1] ${createWoodenDoor().open()}`, () => undefined));
}
