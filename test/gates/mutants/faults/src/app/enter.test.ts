import { test } from "vitest";

test("[door:open:stuck] is tried again", () => undefined);
test("[door:open:gone] is in no catalog", () => undefined);
