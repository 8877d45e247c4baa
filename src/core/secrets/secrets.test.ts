/** Which secrets a session gets, and what one may be called. */
import { describe, expect, test } from "vitest";
import { secretsFor, type ScopedSecret } from "./secret-scope.ts";
import { fitsHeader, isReservedName, mayCarrySecret } from "./secret-rules.ts";

const of = (name: string, scope: ScopedSecret["scope"], scopeOf = ""): ScopedSecret => ({ name, scope, scopeOf });

describe("which secrets a session gets", () => {
  const all = [
    of("TOKEN", "user", "usr_ada"),
    of("TOKEN", "org"),
    of("TOKEN", "repo", "git.example/team/app"),
    of("ONLY_REPO", "repo", "git.example/team/app"),
    of("OTHER_REPO", "repo", "git.example/team/other"),
    of("BOBS", "user", "usr_bob"),
    of("TOKEN", "environment", "env_1"),
    of("ONLY_ENVIRONMENT", "environment", "env_1"),
    of("OTHER_ENVIRONMENT", "environment", "env_2"),
  ];
  const told = (userId: string | null, repositories: readonly string[], environmentId: string | null = null): readonly string[] =>
    secretsFor(all, { userId, repositories, environmentId }).map(({ name, scope }) => `${name} of ${scope}`);

  test("[SCR3] the closest of a name is given, and nothing of another person, repository or environment", () => {
    expect(told("usr_ada", ["git.example/team/app"])).toEqual(["ONLY_REPO of repo", "TOKEN of user"]);
    expect(told("usr_cy", ["git.example/team/app"])).toEqual(["ONLY_REPO of repo", "TOKEN of repo"]);
    expect(told("usr_ada", [])).toEqual(["TOKEN of user"]);
    expect(told(null, [])).toEqual(["TOKEN of org"]);
    expect(told(null, ["git.example/team/app"], "env_1")).toEqual(["ONLY_ENVIRONMENT of environment", "ONLY_REPO of repo", "TOKEN of environment"]);
    expect(told("usr_ada", [], "env_1")).toEqual(["ONLY_ENVIRONMENT of environment", "TOKEN of user"]);
  });

  test("[SCR3] what was kept first decides nothing", () => {
    expect(secretsFor([...all].reverse(), { userId: "usr_ada", repositories: [], environmentId: "env_1" }).map(({ scope }) => scope)).toEqual(["environment", "user"]);
  });
});

test.each(["PATH", "LD_PRELOAD", "NODE_OPTIONS", "GIT_SSH_COMMAND", "BASH_ENV", "PYTHONPATH", "HTTPS_PROXY", "BERTH_TOKEN", "OPENCODE_CONFIG"])("[SCR1] %s is no name for a secret", (name) => {
  expect(isReservedName(name)).toBe(true);
});

test.each(["NPM_TOKEN", "STRIPE_KEY", "DATABASE_URL", "PATHS", "GITHUB_TOKEN"])("[SCR1] %s is a name for a secret", (name) => {
  expect(isReservedName(name)).toBe(false);
});

test("[SCR5] what the connection needs carries no secret, and a value is one plain line", () => {
  expect(["host", "Content-Length", "transfer-encoding", "CF-Connecting-IP"].map(mayCarrySecret)).toEqual([false, false, false, false]);
  expect(["Authorization", "X-Api-Key", "PRIVATE-TOKEN"].map(mayCarrySecret)).toEqual([true, true, true]);
  expect(["plain-value", "with space", "a\r\nb", "é", " led", "x".repeat(8_193)].map(fitsHeader)).toEqual([true, true, false, false, false, false]);
});
