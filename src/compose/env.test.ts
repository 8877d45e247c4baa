import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { WorkerVars } from "./env.ts";

verifies("WSP17", "a domain for previews whose pages could set cookies for Berth is refused, and so is what is no domain", () => {
  const whole = { SANDBOX_HOST_URL: "http://127.0.0.1:1", SANDBOX_HOST_SECRET: "x".repeat(32), SANDBOX_BACKENDS: "process", MASTER_KEYS: "1:x", AUTH_SECRET: "x".repeat(32) };
  const issues = (PUBLIC_URL: string, WORKSPACE_DOMAIN: string): readonly string[] => (WorkerVars.safeParse({ ...whole, PUBLIC_URL, WORKSPACE_DOMAIN }).error?.issues ?? []).map(({ path }) => path.join("."));
  for (const domain of ["berth.example.com", "example.com", "preview.berth.example.com", "preview.example.com", "a.b.example.com"]) expect(issues("https://berth.example.com", domain)).toEqual(["WORKSPACE_DOMAIN"]);
  expect(issues("https://BERTH.example.com", "preview.example.com")).toEqual(["WORKSPACE_DOMAIN"]);
  expect(issues("https://example.com", "preview.example.com")).toEqual(["WORKSPACE_DOMAIN"]);
  // Whoever comes first has a name below such a one.
  expect([issues("https://berth.co.uk", "previews.co.uk"), issues("https://berth.example.co.uk", "preview.example.co.uk")]).toEqual([[], ["WORKSPACE_DOMAIN"]]);
  for (const domain of ["previews.example.net", "localhost", "ample.com", "previews.com"]) expect(issues("https://berth.example.com", domain)).toEqual([]);
  for (const url of ["http://127.0.0.1:8787", "http://localhost:8787", "http://berth.localhost:8787"]) expect(issues(url, "localhost")).toEqual([]);
  for (const domain of ["https://x.example", "x.example:8787", "X.example", ".example", ""]) expect(issues("https://berth.example.com", domain)).toEqual(["WORKSPACE_DOMAIN"]);
});
