import type { SandboxProviderConfig } from "@berth/protocol";
import { expect, test } from "vitest";
import { besideLink } from "../src/broker-address.ts";

const providers = (...baseUrls: string[]): SandboxProviderConfig[] => baseUrls.map((baseUrl, i) => ({ id: `p${i}`, kind: "openai-compatible", baseUrl, models: [] }));

test("the broker's address becomes the one beside the link", () => {
  const told = providers("http://127.0.0.1:8787/v1/broker/model/demo", "https://old.test/berth/v1/broker/model/a");
  expect(besideLink(told, "ws://127.0.0.1:9999/v1/sandbox/link")).toEqual(providers("http://127.0.0.1:9999/v1/broker/model/demo", "http://127.0.0.1:9999/v1/broker/model/a"));
  expect(besideLink(told, "wss://new.test/under/v1/sandbox/link")).toEqual(providers("https://new.test/under/v1/broker/model/demo", "https://new.test/under/v1/broker/model/a"));
});

test("what is no broker's address stays, and so does everything beside no link", () => {
  const told = providers("http://elsewhere.test/v1");
  expect(besideLink(told, "ws://127.0.0.1:9999/v1/sandbox/link")).toEqual(told);
  const broker = providers("http://127.0.0.1:8787/v1/broker/model/demo");
  expect(besideLink(broker, "ws://127.0.0.1:9999/elsewhere")).toEqual(broker);
});
