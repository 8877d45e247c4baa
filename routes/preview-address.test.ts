/** Where a ticket for a port is shown. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { previewAddress } from "./preview.ts";

const PLACE = { port: 3000, sessionId: "ses_0123456789abcdefghjkmnpqrs" };
const LABEL = "3000--ses-0123456789abcdefghjkmnpqrs";

verifies("WSP15", "a ticket is for the origin of its port and session, with the scheme and port by which Berth is reached, also where that port is forwarded", () => {
  const at = (publicUrl: string, workspaceDomain: string, requested: string): string => previewAddress({ publicUrl, workspaceDomain }, new URL(requested), PLACE, "wkt_a.b");
  expect(at("https://berth.example", "preview.example", "http://berth.example/v1")).toBe(`https://${LABEL}.preview.example/.berth/open?ticket=wkt_a.b`);
  expect(at("https://berth.example:8443", "preview.example", "http://berth.example:8443/v1")).toBe(`https://${LABEL}.preview.example:8443/.berth/open?ticket=wkt_a.b`);
  expect(at("http://127.0.0.1:8787", "localhost", "http://localhost:9999/v1")).toBe(`http://${LABEL}.localhost:9999/.berth/open?ticket=wkt_a.b`);
});

verifies("WSP15", "where there is no domain for previews nothing is given, and it is said what the operator does", () => {
  expect(() => previewAddress({ publicUrl: "https://berth.example" }, new URL("https://berth.example"), PLACE, "wkt_a.b")).toThrow("no domain for previews");
});
