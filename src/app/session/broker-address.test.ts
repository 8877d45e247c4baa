import type { DownFrame } from "@berth/protocol";
import { expect, test } from "vitest";
import { addressedFrame } from "./broker-address.ts";

const configure = (...baseUrls: string[]): DownFrame => ({
  type: "down",
  n: 1,
  body: { type: "configure", permissions: {}, providers: baseUrls.map((baseUrl, i) => ({ id: `p${i}`, kind: "openai-compatible", baseUrl, models: [] })) },
});

test("the broker's address becomes the one beside the link", () => {
  const old = configure("http://127.0.0.1:8787/v1/broker/model/demo", "https://old.test/berth/v1/broker/model/a");
  expect(addressedFrame(old, "ws://127.0.0.1:9999/v1/sandbox/link")).toEqual(
    configure("http://127.0.0.1:9999/v1/broker/model/demo", "http://127.0.0.1:9999/v1/broker/model/a"),
  );
  expect(addressedFrame(old, "wss://new.test/under/v1/sandbox/link")).toEqual(
    configure("https://new.test/under/v1/broker/model/demo", "https://new.test/under/v1/broker/model/a"),
  );
});

test("what is no broker's address, and what is no configuration, stays", () => {
  const other = configure("http://elsewhere.test/v1");
  expect(addressedFrame(other, "ws://127.0.0.1:9999/v1/sandbox/link")).toEqual(other);
  const ack: DownFrame = { type: "ack", n: 3 };
  expect(addressedFrame(ack, "ws://127.0.0.1:9999/v1/sandbox/link")).toBe(ack);
});
