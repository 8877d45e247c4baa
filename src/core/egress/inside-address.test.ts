import { expect, test } from "vitest";
import { leadsInside } from "./inside-address.ts";

test.each([
  ...["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "10.0.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
  ...["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fd00:ec2::254]", "[::7f00:1]", "[::ffff:0:7f00:1]", "[4000::1]"],
  ...["localhost", "LOCALHOST.", "a.localhost", "printer.local", "metadata.google.internal"],
])("%s leads inside", (host) => {
  expect(leadsInside(new URL(`http://${host}/`).hostname)).toBe(true);
});

test.each(["1.1.1.1", "[2606:4700::1111]", "api.openai.com", "localhost.example", "internal.example.com"])("%s does not", (host) => {
  expect(leadsInside(new URL(`http://${host}/`).hostname)).toBe(false);
});
