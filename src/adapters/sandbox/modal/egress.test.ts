/** Berth's words for hosts in Modal's. */
import { expect, test } from "vitest";
import { readAllowlist } from "../../../core/egress/allowlist.ts";
import { outboundOf, requireOutbound } from "./egress.ts";
import { isLoopback } from "./loopback.ts";

test("[EGR1] hosts are let through by name, addresses by number, and the control plane is among them", () => {
  expect(outboundOf(readAllowlist("pypi.org, *.example.com, 93.184.216.34"), "wss://berth.example.com/v1/sandbox/link")).toEqual({
    outboundCidrAllowlist: ["93.184.216.34/32"],
    outboundDomainAllowlist: ["berth.example.com", "pypi.org", "*.example.com"],
  });
  expect(outboundOf([], "ws://203.0.113.4:8787/v1/sandbox/link")).toEqual({ outboundCidrAllowlist: ["203.0.113.4/32"], outboundDomainAllowlist: [] });
  expect(outboundOf([], "wss://[2001:db8::1]/v1/sandbox/link").outboundCidrAllowlist).toEqual(["2001:db8::1/128"]);
});

test("[EGR1] a port of a host is refused, since Modal would let through to all of them", () => {
  expect(() => requireOutbound(readAllowlist("pypi.org,example.com:8443"))).toThrow(/SANDBOX_EGRESS: Modal lets a sandbox through to a host, not to a port of it, so example\.com:8443/);
  requireOutbound(readAllowlist("default"));
});

test("an address of this machine alone is known for one, however it is spelled", () => {
  expect(["localhost", "a.localhost", "127.0.0.1", "127.8.0.1", "[::1]"].filter(isLoopback)).toHaveLength(5);
  expect(["berth.example.com", "10.0.0.1", "localhost.example.com", ""].filter(isLoopback)).toEqual([]);
});
