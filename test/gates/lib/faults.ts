/**
 * Every fault is proved twice: in the contract of each implementation that can be made to show it, and in the app, or its
 * proof in the app is put off with a reason. Titles are the proof, since a contract registers no test for a fault that
 * its implementation cannot be made to show.
 */
import { COMMON_FAULTS, type Fault, type FaultCatalog } from "../../../src/core/kernel/fault.ts";
import { readCatalogs, readRegistry } from "./catalogs.ts";
import { citationsIn, collectTitles, type TestTitle } from "./collect/titles.ts";

const APP_SIDE = /^(src\/(app|session|org)|routes|test\/(disruption|system))\//;
/** A decorator keeps the contract too, which says nothing on what the app makes of a fault. */
const CONTRACT_RUN = /\.contract\./;

export async function faultProblems(root: string): Promise<readonly string[]> {
  const [ports, catalogs, { titles }] = [await readRegistry(root), await readCatalogs(root), await collectTitles(root)];
  const inApp = new Set(titles.filter(({ file }) => APP_SIDE.test(file) && !CONTRACT_RUN.test(file)).flatMap(({ title }) => citationsIn(title)));
  return [
    ...catalogs.flatMap((catalog) => {
      const runs = ["fake", ...(ports.find(({ port }) => port === catalog.port)?.adapters ?? [])].map((name) => ({ name, cited: citedBy(titles, catalog.port, name) }));
      return [
        ...commonTen(catalog),
        ...catalog.faults.flatMap((fault) => [...shape(catalog, fault), ...inContract(fault, runs), ...inTheApp(fault, inApp)]).map((problem) => `fault ${problem}`),
      ];
    }),
    ...unknownFaults(catalogs, titles),
  ];
}

interface ContractRun {
  readonly name: string;
  readonly cited: ReadonlySet<string>;
}

function citedBy(titles: readonly TestTitle[], port: string, name: string): ReadonlySet<string> {
  const beginning = name === "fake" ? `src/ports/${port}/${port}.fake.contract.` : `src/adapters/${port}/${name}.contract.`;
  return new Set(titles.filter(({ file }) => file.startsWith(beginning)).flatMap(({ title }) => citationsIn(title)));
}

function commonTen({ port, faults, notApplicable }: FaultCatalog): string[] {
  return COMMON_FAULTS.flatMap((common) => {
    const covered = faults.some((fault) => fault.common === common);
    const reason = notApplicable[common];
    if (covered && reason !== undefined) return [`catalog ${port}: ${common} is covered and called not applicable`];
    if (!covered && reason === undefined) return [`catalog ${port}: ${common}, one of the common ten, is neither covered nor called not applicable`];
    return covered || isReason(reason) ? [] : [`catalog ${port}: ${common} is called not applicable without a reason`];
  });
}

function shape({ port, faults }: FaultCatalog, { id, deferred }: Fault): string[] {
  const problems: string[] = [];
  if (!/^[a-z-]+:[A-Za-z-]+:[a-z0-9-]+$/.test(id) || !id.startsWith(`${port}:`)) problems.push(`${id} is not named ${port}:operation:what-happened`);
  if (faults.filter((fault) => fault.id === id).length > 1) problems.push(`${id} is in the catalog twice`);
  if (deferred && !(isReason(deferred.reason) && isReason(deferred.until))) problems.push(`${id} is deferred without a reason, or without saying until when`);
  return problems;
}

function inContract({ id, notInjectable = {} }: Fault, runs: readonly ContractRun[]): string[] {
  const strangers = Object.keys(notInjectable).filter((name) => !runs.some((run) => run.name === name));
  return [
    ...strangers.map((name) => `${id} calls ${name} not injectable, which is no implementation of its port`),
    ...runs.flatMap(({ name, cited }) => {
      const excuse = notInjectable[name];
      if (excuse && cited.has(id)) return [`${id} is proved for ${name} and still called not injectable there`];
      if (excuse) return isReason(excuse.reason) && isReason(excuse.why) ? [] : [`${id} is called not injectable for ${name} without reason and why`];
      return cited.has(id) ? [] : [`${id} is proved by no contract test of ${name}, and not called not injectable there`];
    }),
  ];
}

function inTheApp({ id, deferred }: Fault, inApp: ReadonlySet<string>): string[] {
  if (deferred && inApp.has(id)) return [`${id} is proved in the app and still deferred`];
  return deferred || inApp.has(id) ? [] : [`${id} is proved by no test of the app (test/disruption, test/system, src/app), and not deferred`];
}

function unknownFaults(catalogs: readonly FaultCatalog[], titles: readonly TestTitle[]): string[] {
  const known = new Set(catalogs.flatMap(({ faults }) => faults.map(({ id }): string => id)));
  const ports = new Set(catalogs.map(({ port }) => port));
  return titles.flatMap(({ file, title }) =>
    citationsIn(title)
      .filter((id) => ports.has(id.split(":")[0] ?? "") && id.includes(":") && !known.has(id))
      .map((id) => `${file} cites ${id}, which no catalog has`),
  );
}

function isReason(text: string | undefined): boolean {
  return text !== undefined && text.trim().length > 2;
}
