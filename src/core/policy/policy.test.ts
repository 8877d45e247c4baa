/** Every difference that is put in on purpose shows, and nothing shows where there is none. */
import type { BudgetReached, PolicyFact, SandboxDeclaration, SandboxMeasurement } from "@berth/protocol";
import { SandboxMeasurement as Schema } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { judgeBranchPrefix, judgeCaps, judgeGit, judgeToken } from "./grants.ts";
import { judgeSandbox, worstOf } from "./judge.ts";

const DECLARED: SandboxDeclaration = {
  isolation: "container",
  namespaces: ["mnt", "pid", "net"],
  network: "brokers",
  allowedHosts: ["pypi.org", "*.example.com"],
  writable: ["/workspace"],
  readOnly: ["/", "/usr"],
  capabilities: [],
  noNewPrivileges: true,
  secrets: [],
};
const OUTSIDE: SandboxMeasurement = {
  namespaces: ["mnt", "pid", "net", "ipc"],
  network: { own: true, allowedHosts: ["pypi.org", "*.example.com"] },
  writable: ["/workspace"],
  readOnly: ["/", "/usr"],
  user: "uid 1000",
  capabilities: [],
  noNewPrivileges: true,
};
const INSIDE: SandboxMeasurement = {
  network: { interfaces: ["lo", "eth0"], defaultRoute: false, reached: [] },
  writable: ["/workspace"],
  readOnly: ["/"],
  capabilities: [],
  noNewPrivileges: true,
  secrets: [],
  token: { allowed: ["/v1/sandbox/checkpoint-blobs"], refused: ["/v1/me", "/v1/sessions"] },
  git: { branch: "main", remotes: ["/srv/repo"], credentials: [] },
};
const BY = { by: "a part", atMs: 0 };

const judged = (measurement: SandboxMeasurement, declared: Partial<SandboxDeclaration> = {}): readonly PolicyFact[] => [
  ...judgeSandbox({ ...DECLARED, ...declared }, { measurement, ...BY }),
  judgeToken({ measurement, ...BY }),
  ...judgeGit(null, { measurement, ...BY }),
];

/** `name: difference` of each mismatch. */
const wrong = (facts: readonly PolicyFact[]): string[] => facts.flatMap(({ name, verdict, differences }) => (verdict === "mismatch" ? differences.map((text) => `${name}: ${text}`) : []));

test("[POL1] a sandbox as it is declared matches, from outside and from inside", () => {
  const outside = judged(OUTSIDE);
  expect(outside.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual(["isolation match", "egress match", "mounts match", "capabilities match", "tokenScopes unmeasured"]);
  const inside = judged(INSIDE);
  expect(inside.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual(["egress match", "mounts match", "capabilities match", "secrets match", "tokenScopes match", "branchPrefix match"]);
  expect(inside[0]).toEqual({
    name: "egress",
    declared: "only the control plane and the allowlist: pypi.org, *.example.com",
    measured: "interfaces: lo, eth0; no route to other networks; reached of what was tried: none",
    by: "a part",
    at: "1970-01-01T00:00:00.000Z",
    verdict: "match",
    differences: [],
  });
  expect(worstOf(outside)).toBe("match");
});

test("[POL10] what nobody could measure is unmeasured, and matches nothing", () => {
  expect(judged({})).toMatchObject([{ name: "tokenScopes", verdict: "unmeasured", measured: "not measured" }]);
  expect(judgeToken({ measurement: { token: { allowed: [], refused: [] } }, ...BY }).verdict).toBe("unmeasured");
  expect(worstOf(judged({}))).toBe("unmeasured");
  expect(worstOf([])).toBe("unmeasured");
});

describe("deliberate differences", () => {
  test("[POL2] an open network is a mismatch, seen from either side", () => {
    expect(wrong(judged({ ...OUTSIDE, network: { own: false } }))).toEqual(["egress: It shares the network of the machine it runs on."]);
    expect(wrong(judged({ ...INSIDE, network: { interfaces: ["lo", "eth0"], defaultRoute: true, reached: ["the cloud's metadata service"] } }))).toEqual([
      "egress: It has a route to any address.",
      "egress: It reached the cloud's metadata service.",
    ]);
    expect(wrong(judged(OUTSIDE, { network: "machine" }))).toEqual(["egress: It has a network of its own, and may not reach what it should."]);
    expect(wrong(judged({ ...OUTSIDE, network: { own: false } }, { network: "machine" }))).toEqual([]);
  });

  test("[EGR9] a host that the way out leads to beside those on the list is a mismatch, and both lists are told", () => {
    const wider = judged({ ...OUTSIDE, network: { own: true, allowedHosts: ["pypi.org", "evil.example"] } });
    expect(wrong(wider)).toEqual(["egress: It is let through to evil.example."]);
    expect(wider.find(({ name }) => name === "egress")).toMatchObject({ declared: "only the control plane and the allowlist: pypi.org, *.example.com", measured: "own network; let through to: pypi.org, evil.example" });
    expect(judged(OUTSIDE, { allowedHosts: [] }).find(({ name }) => name === "egress")?.declared).toBe("only the control plane and the allowlist: none");
  });

  test("[POL3] an extra capability and privileges that can be gained are a mismatch", () => {
    expect(wrong(judged({ ...OUTSIDE, capabilities: ["net_raw"], noNewPrivileges: false }))).toEqual([
      "capabilities: It has the capability net_raw.",
      "capabilities: A program may gain new privileges.",
    ]);
  });

  test("[POL4] a wider token is a mismatch", () => {
    const token = { allowed: ["/v1/sandbox/checkpoint-blobs", "/v1/keys"], refused: ["/v1/me"] };
    expect(wrong(judged({ ...INSIDE, token }))).toEqual(["tokenScopes: The sandbox's token opens /v1/keys."]);
  });

  test("[POL5] an extra mount, a writable one and a missing one are a mismatch", () => {
    expect(wrong(judged({ ...OUTSIDE, writable: ["/usr"], readOnly: ["/", "/srv/host"] }))).toEqual([
      "mounts: /usr can be written.",
      "mounts: /workspace cannot be written, though it should.",
      "mounts: /srv/host is mounted.",
    ]);
  });

  test("[POL6] weaker isolation is a mismatch", () => {
    expect(wrong(judged({ ...OUTSIDE, namespaces: ["mnt", "net"] }))).toEqual(["isolation: It shares the process namespace with the machine."]);
  });

  test("[POL7] another branch prefix, and a credential of git's own, are a mismatch", () => {
    const own = judgeBranchPrefix("berth/ses_1/", { accepted: ["refs/heads/berth/ses_1/work"], refused: ["refs/heads/main"] }, BY);
    expect([own.verdict, own.differences]).toEqual(["match", []]);
    const other = judgeBranchPrefix("berth/ses_1/", { accepted: ["refs/heads/agent/work"], refused: ["refs/heads/main", "refs/heads/berth/ses_1/work"] }, BY);
    expect(wrong([other])).toEqual([
      "branchPrefix: A push to refs/heads/agent/work is accepted.",
      "branchPrefix: A push to refs/heads/berth/ses_1/work is refused, though it should not be.",
    ]);
    expect(judgeBranchPrefix(null, { accepted: ["refs/heads/main"], refused: [] }, BY).verdict).toBe("mismatch");
    expect(wrong(judged({ ...INSIDE, git: { branch: "main", remotes: [], credentials: ["credential.helper"] } }))).toEqual([
      "branchPrefix: Git has a credential of its own: credential.helper.",
    ]);
  });

  test("[POL8] a lifted cap is a mismatch", () => {
    const cap = { scope: "org", subject: null, unit: "cost", limit: 5 } as const;
    const reached: BudgetReached = { budget: "org.cost", scope: "org", unit: "cost", limit: 5, spent: 0, reserved: 0, needed: 6 };
    expect(judgeCaps([{ cap, reached }], BY)).toMatchObject({ verdict: "match", declared: "org.cost at most 5", measured: "more than that is refused: org.cost" });
    expect(wrong([judgeCaps([{ cap, reached: null }], BY)])).toEqual(["caps: The ledger grants more than the cap allows: org.cost at most 5."]);
    expect(judgeCaps([], BY)).toMatchObject({ verdict: "match", declared: "none", measured: "no cap is set" });
  });

  test("[POL9] a readable secret is a mismatch", () => {
    expect(wrong(judged({ ...INSIDE, secrets: ["private key in /home/agent/.ssh/id"] }))).toEqual(["secrets: A secret can be read: private key in /home/agent/.ssh/id."]);
    expect(wrong(judged({ ...INSIDE, secrets: ["AWS key in /x"] }, { secrets: null }))).toEqual([]);
  });
});

test("[POL13] what comes from inside is bounded, and cannot speak for another part", () => {
  const many = Array.from({ length: 200 }, (_, i) => `/mount/${i}/${"x".repeat(150)}`);
  expect(Schema.safeParse({ writable: many }).success).toBe(false);
  const [, , fact] = judged({ ...OUTSIDE, writable: many });
  expect(fact?.verdict).toBe("mismatch");
  expect(JSON.stringify(fact).length).toBeLessThan(5_000);
});
