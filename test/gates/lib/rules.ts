/** Every rule of a SPEC.md is cited by a test, and every citation names a rule that exists. */
import { readRegistry } from "./catalogs.ts";
import { citationsIn, collectTitles } from "./collect/titles.ts";
import { listFiles, read } from "./files.ts";

interface Rule {
  readonly id: string;
  readonly spec: string;
}

export async function ruleProblems(root: string): Promise<readonly string[]> {
  const [rules, prefixes, { titles, unreadable }] = [readRules(root), await ruleIdPrefixes(root), await collectTitles(root)];
  const cited = new Map(titles.flatMap(({ title, file }) => citationsIn(title).map((id) => [id, file] as const)));
  const known = new Set(rules.map(({ id }) => id));
  const twice = rules.filter(({ id }, at) => rules.findIndex((rule) => rule.id === id) !== at);
  return [
    ...unreadable.map(({ file, why }) => `${file} cannot be read for its titles: ${why}`),
    ...twice.map(({ id, spec }) => `${spec} states ${id} a second time`),
    ...rules.filter(({ id }) => !cited.has(id)).map(({ id, spec }) => `rule ${id} of ${spec} is cited by no test`),
    ...[...cited].filter(([id]) => isRuleOf(prefixes, id) && !known.has(id)).map(([id, file]) => `${file} cites ${id}, which no SPEC.md states`),
    ...contractsWithoutId(titles),
  ];
}

function readRules(root: string): Rule[] {
  return listFiles(root, ["src", "packages", "test"], /(^|\/)SPEC\.md$/).filter((spec) => !spec.startsWith("test/gates/")).flatMap((spec) =>
    [...read(root, spec).matchAll(/^- \*\*([A-Z]{2,}\d+)\*\*/gm)].map(([, id]) => ({ id: id ?? "", spec })),
  );
}

/** Of rules that exist, and of ports, so that a citation of a removed bundle is found as well. */
async function ruleIdPrefixes(root: string): Promise<ReadonlySet<string>> {
  const ports = await readRegistry(root);
  return new Set([...readRules(root).map(({ id }) => id.replace(/\d+$/, "")), ...ports.map(({ rules }) => rules)]);
}

function isRuleOf(prefixes: ReadonlySet<string>, id: string): boolean {
  return /^[A-Z]+\d+$/.test(id) && prefixes.has(id.replace(/\d+$/, ""));
}

function contractsWithoutId(titles: readonly { readonly file: string; readonly suite: string; readonly title: string }[]): string[] {
  const inContract = titles.filter(({ suite, title }) => / contract: /.test(` ${suite}`) && citationsIn(title).length === 0);
  return inContract.map(({ file, title }) => `${file}: "${title}" is in a contract and cites no rule`);
}
