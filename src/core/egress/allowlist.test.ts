/** What the operator may write, what it allows, and that no spelling reaches what it does not. */
import { describe, expect, test } from "vitest";
import { allows, entryFor, entryText, readAllowlist, readTarget } from "./allowlist.ts";
import { DEFAULT_HOSTS } from "./default-hosts.ts";

const texts = (text: string): string[] => readAllowlist(text).map(entryText);

describe("the operator's list", () => {
  test("[EGR1] the list takes hosts, what is below a host, ports, `default` and `none`", () => {
    expect(texts("none")).toEqual([]);
    expect(texts("default")).toEqual(DEFAULT_HOSTS);
    expect(texts(" Example.COM , *.example.com,example.com:8443, 93.184.215.14, [2606:4700::1111]:443")).toEqual(["example.com", "*.example.com", "example.com:8443", "93.184.215.14", "[2606:4700::1111]:443"]);
    expect(texts("default,pypi.org,mirror.example")).toEqual([...DEFAULT_HOSTS, "mirror.example"]);
    expect(texts("bücher.example.")).toEqual(["xn--bcher-kva.example"]);
    expect(texts("example.com:80")).toEqual(["example.com:80"]);
  });

  test.each([
    ["", "an entry is empty"],
    ["default,,a.example", "an entry is empty"],
    ["none,a.example", '"none" stands alone'],
    ["https://a.example", '"https://a.example" is no host'],
    ["a.example/path", '"a.example/path" is no host'],
    ["me@a.example", '"me@a.example" is no host'],
    ["a.example:0x50", '"a.example:0x50" is no host'],
    ["a.example:99999", '"a.example:99999" is no host'],
    ["a.example:0", '"a.example:0" is no host'],
    ["a_b.example", '"a_b.example" is no host'],
    ["a.*.example", '"a.*.example" is no host'],
    ["*", '"*" is no host'],
    ["*.", '"*." is no host'],
    ["*.com", '"*.com" would allow more than the hosts of one owner'],
    ["*.1.1.1", '"*.1.1.1" would allow more than the hosts of one owner'],
    ["localhost", '"localhost" leads inside'],
    ["*.svc.internal", '"*.svc.internal" leads inside'],
    ["127.1:8080", '"127.1:8080" leads inside'],
    ["[::ffff:10.0.0.1]", '"[::ffff:10.0.0.1]" leads inside'],
    ["pypi.org,169.254.169.254", '"169.254.169.254" leads inside'],
  ])("[EGR1] an entry that is none is named, with what would be one: %j", (text, message) => {
    expect(() => readAllowlist(text)).toThrow(`SANDBOX_EGRESS: ${message}`);
    expect(() => readAllowlist(text)).toThrow("*.example.com (what is below it)");
  });
});

describe("what it allows", () => {
  const allowlist = readAllowlist("pypi.org,*.example.com,api.example.org:8443,93.184.215.14");
  const isAllowed = (authority: string): boolean => {
    const target = readTarget(authority);
    return target !== null && allows(allowlist, target);
  };

  test.each([
    ...["pypi.org:443", "pypi.org:80", "pypi.org", "PyPI.org:443", "pypi.org.:443", "ｐypi.org:443", "pypi.org:0443", "p%79pi.org:443"],
    ...["a.example.com:443", "a.b.example.com:80", "api.example.org:8443", "93.184.215.14:443", "93.184.55054:443", "0x5db8d70e:443"],
  ])("[EGR2][EGR3] %s", (authority) => expect(isAllowed(authority)).toBe(true));

  test.each([
    ...["evil.example:443", "pypi.org.evil.example:443", "evilpypi.org:443", "sub.pypi.org:443", "pypi.org:22", "pypi.org:8443", "pypi.org:99999"],
    ...["example.com:443", "evilexample.com:443", "a.example.com:8080", "api.example.org:443", ".example.com:443", "a..example.com:443"],
    ...["pypi.org@evil.example:443", "evil.example#pypi.org:443", "evil.example/pypi.org:443", "evil.example?pypi.org:443", "evil.example\\pypi.org:443", "evil.example pypi.org:443", "pypi.org\n.evil.example:443"],
    ...["93.184.215.15:443", "[::ffff:93.184.215.14]:443", "[::1]:443", "[fe80::1%25eth0]:443", "", ":443", "*.example.com:443", "a_b.example.com:443", "a%00.example.com:443", "-a.example.com:443"],
    `${"a".repeat(64 * 4)}.example.com:443`,
  ])("[EGR2][EGR3] not %j", (authority) => expect(isAllowed(authority)).toBe(false));

  test("[EGR6] what would let it through is said as the operator writes it", () => {
    expect(["evil.example:443", "EVIL.example:80", "evil.example:22"].map((authority) => entryFor(readTarget(authority) ?? { host: "", port: 0 }))).toEqual(["evil.example", "evil.example", "evil.example:22"]);
  });
});
