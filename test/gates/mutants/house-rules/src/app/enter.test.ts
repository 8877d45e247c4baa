import { expect, test, vi } from "vitest";

vi.mock("./enter.ts", () => ({ enter: () => "mocked" }));

// oxlint-disable-next-line no-console
test("enters", () => console.log(expect));
