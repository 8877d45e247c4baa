/** Providers that are wrong about what is not there, about errors, about the token, and about themselves. */
import { TOKEN } from "../sandbox-kit.contract.ts";
import type { PolicyReport } from "../sandbox.port.ts";
import { DONE, unless, withDescriptions, withErrors, withExec, type Broken } from "./bend.contract.ts";

const withPolicy = (change: (report: PolicyReport, look: number) => PolicyReport): Broken => ({
  bend: (inner) => {
    let looks = 0;
    return {
      describePolicy: async (id) => {
        looks += 1;
        return change(await inner.describePolicy(id), looks);
      },
    };
  },
});

export const BROKEN_ANSWERS: Readonly<Record<string, Broken>> = {
  "what is unknown is empty": {
    bend: (inner) => {
      const nothing = <T>(running: Promise<T>, value: T): Promise<T> => unless("not-found", running, () => value);
      const { backend, isolation } = inner;
      return {
        describe: (id) => nothing(inner.describe(id), { id, orgId: "org_1", sessionId: "ses_x", epoch: 1, backend, isolation, phase: "stopped", createdAtMs: 1 }),
        exec: (id, request) => nothing(inner.exec(id, request), DONE),
        readFile: (id, path) => nothing(inner.readFile(id, path), null),
        writeFile: (id, path, bytes) => nothing(inner.writeFile(id, path, bytes), undefined),
        applyWork: (id, request) => nothing(inner.applyWork(id, request), { branch: request.branch, commit: "0".repeat(40), filesChanged: 0 }),
        describePolicy: (id) =>
          nothing(inner.describePolicy(id), {
            declared: { isolation, network: "machine", namespaces: [], writable: null, readOnly: null, capabilities: null, noNewPrivileges: false, secrets: null },
            measured: {},
            by: "nobody",
          }),
        stop: (id) => nothing(inner.stop(id), undefined),
      };
    },
  },
  "errors do not say what was asked": withErrors(() => ({ operation: "call" })),
  "errors in one word": withErrors(() => ({ message: "Error" })),
  "errors tell what was sent": { bend: (inner) => ({ create: (spec) => withErrors(({ message }) => ({ message: `${message} It was: ${JSON.stringify(spec)}` })).bend(inner, { reopened: false, linked: new Set() }).create?.(spec) ?? inner.create(spec) }) },
  "a wrong state is an inner error": withErrors(({ code }) => ({ code: code === "failed-precondition" ? "internal" : code })),
  "what is refused can be tried again": withErrors(({ retry }) => ({ retry: retry === "never" ? "same-request" : retry })),
  "nobody knows whether it was done": withErrors(() => ({ outcome: "unknown" })),
  "whatever was sent was not done": withErrors(() => ({ outcome: "not-applied" })),
  "trouble on the way is unknown": withErrors(({ code, outcome }) => ({ code: code === "deadline-exceeded" && outcome === "not-applied" ? "unknown" : code })),
  "strangers are not told so": withErrors(({ code, operation }) => ({ code: code === "permission-denied" && operation === "create" ? "not-found" : code })),
  "the token in descriptions": withDescriptions((description) => Object.assign({}, description, { link: { token: TOKEN } })),
  "the token in the policy": withPolicy((report) => ({ ...report, by: `${report.by} ${TOKEN}` })),
  "the token in the environment": withExec(async (inner, id, request) => {
    const result = await inner.exec(id, request);
    return request.command[0] === "env" ? { ...result, stdout: `${result.stdout}BERTH_TOKEN=${TOKEN}\n` } : result;
  }),
  "an empty environment": withExec(async (inner, id, request) => (request.command[0] === "env" ? DONE : inner.exec(id, request))),
  "another isolation is declared": withPolicy((report) => ({ ...report, declared: { ...report.declared, isolation: "none" } })),
  "more is told than the form has": withPolicy((report) => ({ ...report, measured: Object.assign({}, report.measured, { folder: "/data" }) })),
  "nobody measured": withPolicy((report) => ({ ...report, by: "" })),
  "it shares a namespace": withPolicy((report) => ({ ...report, declared: { ...report.declared, namespaces: ["pid"] } })),
  "its network is open": withPolicy((report) => ({ ...report, declared: { ...report.declared, network: "brokers" } })),
  "it sees one mount more": withPolicy((report) => ({ ...report, measured: { ...report.measured, writable: [...(report.measured.writable ?? []), "/data"] } })),
  "it has one right more": withPolicy((report) => ({ ...report, measured: { ...report.measured, capabilities: ["net_raw"] } })),
  "the policy of another folder": withPolicy((report) => ({ ...report, declared: { ...report.declared, writable: ["/elsewhere"] }, measured: { ...report.measured, writable: ["/elsewhere"] } })),
  "every look says something else": withPolicy((report, look) => ({ ...report, measured: { ...report.measured, user: `uid ${look}` } })),
  "snapshots that it does not have": { bend: ({ capabilities }) => ({ capabilities: { ...capabilities, snapshots: true } }) },
  "isolation that it does not have": { bend: () => ({ isolation: "gvisor" }) },
};
