import { test } from "vitest";

for (const rule of ["DOR1", "DOR9"]) test(`[${rule}] is cited from a loop`, () => undefined);
test("[door:open:stuck] is tried again", () => undefined);
