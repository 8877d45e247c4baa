/** What every catalog keeps of an organization's repositories. Registered by the contract of the port. */
import { expect } from "vitest";
import type { Rule } from "./catalog.contract.ts";
import type { RepositoryConnection } from "./catalog.port.ts";

const START = Date.parse("2026-11-20T10:00:00.000Z");

function repository(id: string, over: Partial<RepositoryConnection> = {}): RepositoryConnection {
  return {
    id,
    name: `git.example/team/${id}`,
    url: `https://git.example/team/${id}.git`,
    secretName: `repository/${id}`,
    defaultBranch: "main",
    canPush: true,
    rights: "organization",
    createdAtMs: START,
    ...over,
  };
}

export function describeRepositories(rule: Rule): void {
  rule("CAT17", "repositories are listed as added, oldest first, and found by their name", async (catalog) => {
    const late = repository("rep_1", { createdAtMs: START + 5 });
    const early = repository("rep_2", { secretName: null, defaultBranch: null, canPush: false });
    await catalog.addRepository("org_a", late);
    await catalog.addRepository("org_a", early);
    expect(await catalog.listRepositories("org_a")).toStrictEqual([early, late]);
    expect(await catalog.findRepository("org_a", late.name)).toStrictEqual(late);
    expect(await catalog.findRepository("org_a", late.name.toUpperCase())).toBeNull();
  });

  rule("CAT17", "a taken name or id is refused and the first stays", async (catalog) => {
    const first = repository("rep_1");
    await catalog.addRepository("org_a", first);
    for (const second of [repository("rep_2", { name: first.name }), repository("rep_1", { name: "git.example/other/one" })]) {
      await expect(catalog.addRepository("org_a", second)).rejects.toMatchObject({ code: "already-exists", outcome: "not-applied" });
    }
    expect(await catalog.listRepositories("org_a")).toStrictEqual([first]);
  });

  rule(["CAT40", "CAT8"], "whose rights count is changed for one repository of its own organization, and nothing else of it", async (catalog) => {
    const [first, second] = [repository("rep_1"), repository("rep_2", { rights: "person" })];
    for (const each of [first, second]) await catalog.addRepository("org_a", each);
    await catalog.addRepository("org_b", first);
    expect(await catalog.setRepositoryRights("org_a", "rep_1", "person")).toStrictEqual({ ...first, rights: "person" });
    expect(await catalog.listRepositories("org_a")).toStrictEqual([{ ...first, rights: "person" }, second]);
    expect(await catalog.findRepository("org_b", first.name)).toStrictEqual(first);
    await expect(catalog.setRepositoryRights("org_c", "rep_1", "person")).rejects.toMatchObject({ code: "not-found" });
  });

  rule(["CAT18", "CAT8"], "a repository is removed once, and seen and removed by its own organization only", async (catalog) => {
    const mine = repository("rep_1");
    await catalog.addRepository("org_a", mine);
    await catalog.addRepository("org_b", mine);
    expect([await catalog.findRepository("org_c", mine.name), await catalog.listRepositories("org_c")]).toEqual([null, []]);
    await expect(catalog.removeRepository("org_c", "rep_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.removeRepository("org_a", "rep_1")).toStrictEqual(mine);
    await expect(catalog.removeRepository("org_a", "rep_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.findRepository("org_b", mine.name)).toStrictEqual(mine);
  });
}
