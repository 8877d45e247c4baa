import { expect, test } from "vitest";
import { rememberFor } from "./remember-for.ts";

test("it asks once in its lifetime, and again after it or after a failure", async () => {
  let nowMs = 0;
  let asked = 0;
  let isDown = true;
  const read = rememberFor(5_000, () => nowMs, async () => {
    asked += 1;
    if (isDown) throw new Error("down");
    return asked;
  });
  await expect(read()).rejects.toThrow("down");
  isDown = false;
  expect([await read(), await read()]).toEqual([2, 2]);
  nowMs = 5_000;
  expect(await read()).toBe(3);
});
