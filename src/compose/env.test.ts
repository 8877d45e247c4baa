import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { WorkerVars } from "./env.ts";

verifies("WSP17", "a domain for previews that Berth itself is at or below is refused, and so is what is no domain", () => {
  const whole = { SANDBOX_HOST_URL: "http://127.0.0.1:1", SANDBOX_HOST_SECRET: "x".repeat(32), SANDBOX_BACKENDS: "process", MASTER_KEYS: "1:x", AUTH_SECRET: "x".repeat(32) };
  const issues = (PUBLIC_URL: string, WORKSPACE_DOMAIN: string): readonly string[] => (WorkerVars.safeParse({ ...whole, PUBLIC_URL, WORKSPACE_DOMAIN }).error?.issues ?? []).map(({ path }) => path.join("."));
  for (const domain of ["berth.example.com", "example.com"]) expect(issues("https://berth.example.com", domain)).toEqual(["WORKSPACE_DOMAIN"]);
  for (const domain of ["previews.example.net", "preview.berth.example.com", "localhost", "ample.com"]) expect(issues("https://berth.example.com", domain)).toEqual([]);
  expect(issues("http://localhost:8787", "localhost")).toEqual([]);
  for (const domain of ["https://x.example", "x.example:8787", "X.example", ".example", ""]) expect(issues("https://berth.example.com", domain)).toEqual(["WORKSPACE_DOMAIN"]);
});
