import { expect, test } from "vitest";
import { startWarmUpModel } from "./opencode-warm-up.ts";

test("the warm-up model answers every request with a finished stream, until it is closed", async () => {
  const model = await startWarmUpModel();
  const { baseURL } = model.provider["options"] as { baseURL: string };
  const ask = () => fetch(`${baseURL}/chat/completions`, { method: "POST", body: "{}" });
  const text = await (await ask()).text();
  expect(text).toContain('"content":"ok"');
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  model.close();
  await expect(ask()).rejects.toThrow("fetch failed");
});
