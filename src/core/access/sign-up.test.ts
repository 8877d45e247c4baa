import { expect, test } from "vitest";
import { allowsAddress, parseSignUpAllow, takesAddresses } from "./sign-up.ts";

test("an address, a domain and a GitHub organization are told apart, without regard to capitals", () => {
  const allow = parseSignUpAllow(" Ada@Example.com, acme.dev ,@Beta.example,github-org:Acme-Labs,, ");
  expect([[...allow.addresses], [...allow.domains], allow.githubOrgs]).toEqual([["ada@example.com"], ["acme.dev", "beta.example"], ["acme-labs"]]);
});

test.each([
  ["ada@example.com", true],
  ["ADA@EXAMPLE.COM", true],
  ["bo@example.com", false],
  ["bo@acme.dev", true],
  ["bo@sub.acme.dev", false],
  ["bo@notacme.dev", false],
  ["acme.dev@evil.example", false],
  ['"x@acme.dev"@evil.example', false],
  ["", false],
])("%s is let in: %s", (email, expected) => {
  expect(allowsAddress(parseSignUpAllow("ada@example.com,acme.dev"), email)).toBe(expected);
});

test("without entries nobody is let in, and a GitHub organization lets no address in", () => {
  expect(allowsAddress(parseSignUpAllow(""), "ada@example.com")).toBe(false);
  expect(takesAddresses(parseSignUpAllow("github-org:acme"))).toBe(false);
  expect(takesAddresses(parseSignUpAllow("acme.dev"))).toBe(true);
});

test.each(["*", "acme", "@", "ada@", "*@acme.dev", "github-org:", "github-org:a/b", "ada@acme", "a b@acme.dev"])("%j is refused by name", (entry) => {
  expect(() => parseSignUpAllow(`acme.dev,${entry}`)).toThrow(`"${entry}"`);
});
