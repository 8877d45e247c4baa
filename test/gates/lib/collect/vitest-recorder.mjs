/** Stands in for `vitest` while titles are collected: suites register as usual, and no body of a test runs. */
import { format } from "node:util";

/** @type {{ file: string, suites: string[], pending: Promise<unknown>[] }} */
const current = { file: "", suites: [], pending: [] };
export const recorded = [];

/** @param {string} file */
export function beginFile(file) {
  Object.assign(current, { file, suites: [], pending: [] });
}

/** Suites whose body is asynchronous. */
export async function endFile() {
  await Promise.all(current.pending);
}

const titleOf = (title, values) => {
  const named = values.length === 1 && values[0] !== null && typeof values[0] === "object" ? values[0] : {};
  const filled = String(title).replaceAll(/\$([a-zA-Z_]\w*)/g, (all, name) => (name in named ? String(named[name]) : all));
  return filled.includes("%") ? format(filled.replaceAll("%#", "0"), ...values) : filled;
};

const rows = (table) => [...table].map((row) => (Array.isArray(row) ? row : [row]));

/** Adds what hangs on `test` and `describe`: variants, tables and conditions all register alike. */
function withVariants(register) {
  const table = (cases) => (title, ...rest) => {
    for (const values of rows(cases)) register(titleOf(title, values), ...rest.map((part) => (typeof part === "function" ? () => part(...values) : part)));
  };
  for (const variant of ["fails", "concurrent", "sequential", "only", "skip", "todo"]) register[variant] = register;
  return Object.assign(register, { each: table, for: table, skipIf: () => register, runIf: () => register, extend: () => register });
}

export const test = withVariants((title) => {
  recorded.push({ file: current.file, suite: current.suites.join(" > "), title: String(title) });
});

export const describe = withVariants((title, ...rest) => {
  const body = rest.find((part) => typeof part === "function");
  current.suites.push(String(title));
  const returned = body?.();
  if (returned instanceof Promise) current.pending.push(returned);
  current.suites.pop();
});

/** Anything may be asked of it, and nothing happens. */
const inert = new Proxy(() => undefined, { get: (_, key) => (key === Symbol.toPrimitive ? () => "" : inert), apply: () => inert });
export const expect = inert;
export const vi = inert;
export const assert = inert;
export const beforeAll = () => undefined;
export const beforeEach = () => undefined;
export const afterAll = () => undefined;
export const afterEach = () => undefined;
export const onTestFinished = () => undefined;
export const onTestFailed = () => undefined;
export const expectTypeOf = inert;
/** What a global set-up provides: addresses. */
export const inject = () => "postgres://berth@127.0.0.1:1/absent";
export { test as it, describe as suite };
