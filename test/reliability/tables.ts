/** Tables for the docs: promises with their tests, and features against layers. Pure. */
import { citationsIn, type TestTitle } from "../gates/lib/collect/titles.ts";
import type { Feature, Promised } from "./features.ts";

/** In the order of docs/TESTING.md; the first that fits a file is its layer. */
const LAYERS: readonly { readonly name: string; readonly owns: RegExp }[] = [
  { name: "end to end", owns: /\.e2e\.test\.ts$/ },
  { name: "PostgreSQL", owns: /\.pg\.test\.ts$/ },
  { name: "workerd", owns: /\.workerd\.test\.ts$/ },
  { name: "disruption", owns: /^test\/disruption\// },
  { name: "fuzz and simulation", owns: /^test\/(fuzz|simulation)\// },
  { name: "whole program in memory", owns: /^test\/system\// },
  { name: "contract", owns: /\.contract\.test\.ts$/ },
  { name: "unit", owns: /./ },
];

export type Citations = ReadonlyMap<string, readonly string[]>;

/** Files by the rule that their titles cite. */
export function citations(titles: readonly TestTitle[]): Citations {
  const files = new Map<string, string[]>();
  for (const { title, file } of titles) {
    for (const rule of citationsIn(title)) files.set(rule, [...new Set([...(files.get(rule) ?? []), file])].sort());
  }
  return files;
}

function layerOf(file: string): string {
  return LAYERS.find(({ owns }) => owns.test(file))?.name ?? "";
}

function filesOf({ rules }: Pick<Feature, "rules">, cited: Citations): string[] {
  return [...new Set(rules.flatMap((rule) => cited.get(rule) ?? []))].sort();
}

/** Sentences; empty when every rule of each is cited. */
export function uncited(features: readonly Pick<Feature, "name" | "rules">[], cited: Citations): readonly string[] {
  const rules = features.flatMap(({ name, rules: all }) => all.map((rule) => ({ name, rule })));
  return rules.filter(({ rule }) => !cited.has(rule)).map(({ name, rule }) => `"${name}" names ${rule}, which no test cites`);
}

export function promiseTables(promises: readonly Promised[], cited: Citations): string {
  return promises
    .map(({ title, sentence, features }, at) => {
      const rows = features.map((feature) => `| ${feature.name} | ${feature.bound} | ${feature.rules.join(", ")} | ${filesOf(feature, cited).map(link).join("<br>")} |`);
      return [`### ${at + 1}. ${title}`, "", sentence, "", "| what | bound | rules | tests |", "| --- | --- | --- | --- |", ...rows].join("\n");
    })
    .join("\n\n");
}

function link(file: string): string {
  return `[${file.split("/").at(-1)?.replace(/\.test\.ts$/, "")}](../${file})`;
}

/** A row per failure, with the rules that rule it out and their tests. */
export function failureTable(failures: readonly Pick<Feature, "name" | "rules">[], cited: Citations): string {
  const rows = failures.map((failure) => `| ${failure.name} | ${failure.rules.join(", ")} | ${filesOf(failure, cited).map(link).join("<br>")} |`);
  return ["| seen elsewhere | rules | tests |", "| --- | --- | --- |", ...rows].join("\n");
}

/** How many test files of each layer speak of a feature. */
export function layerTable(promises: readonly Promised[], cited: Citations): string {
  const names = LAYERS.map(({ name }) => name).toReversed();
  const rows = promises.flatMap(({ features }) =>
    features.map((feature) => {
      const layers = filesOf(feature, cited).map(layerOf);
      const counts = names.map((name) => layers.filter((layer) => layer === name).length);
      return `| ${feature.name} | ${counts.map((count) => (count === 0 ? "" : count)).join(" | ")} |`;
    }),
  );
  return [`| feature | ${names.join(" | ")} |`, `| --- |${" --- |".repeat(names.length)}`, ...rows].join("\n");
}
