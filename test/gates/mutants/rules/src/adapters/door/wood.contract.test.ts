import { describe, test } from "vitest";

describe("door contract: wood", () => {
  test("a door of wood is heavy", () => undefined);
});
