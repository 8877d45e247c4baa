/** Programs without a browser that ask a person for a key. */
import { z } from "zod";
import { Scope } from "./access.ts";
import { CreatedApiKey } from "./resources.ts";

export const StartDevice = z.strictObject({
  /** What the person is shown, and what the key is called. */
  clientName: z.string().min(1).max(64),
  /** Absent: `sessions:read`, `sessions:write` and `runs:read`. The key gets those of them that the person has. */
  scopes: z.array(Scope).min(1).max(Scope.options.length).optional(),
});
export type StartDevice = z.infer<typeof StartDevice>;

export const StartedDevice = z.object({
  deviceCode: z.string().describe("what the program collects with; shown once, and for nobody else's eyes"),
  userCode: z.string().describe("what the person compares, or types"),
  url: z.string().describe("the page to open"),
  urlWithCode: z.string().describe("the same with the code in it"),
  expiresAt: z.iso.datetime(),
  intervalS: z.int().describe("seconds between two times of asking"),
});
export type StartedDevice = z.infer<typeof StartedDevice>;

export const CollectDevice = z.strictObject({ deviceCode: z.string().min(1).max(200) });
export type CollectDevice = z.infer<typeof CollectDevice>;

export const CollectedDevice = z.object({
  state: z.enum(["pending", "denied", "approved"]),
  apiKey: CreatedApiKey.optional().describe("with `approved`; shown this once"),
});
export type CollectedDevice = z.infer<typeof CollectedDevice>;
