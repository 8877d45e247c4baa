import { test } from "vitest";
import { enter } from "./enter.ts";

test.each([["door:open:stuck", enter]])("[%s] is tried again", () => undefined);
