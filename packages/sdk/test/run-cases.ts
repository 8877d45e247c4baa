/** The SDK's cases against a running Berth: `BERTH_API_KEY=… node packages/sdk/test/run-cases.ts <address>`. */
import { Berth } from "@berth/sdk";
import { runAll } from "./runtimes/run-all.ts";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8787";
const apiKey = process.env["BERTH_API_KEY"] ?? "";
const demo = (await new Berth({ baseUrl, apiKey }).models.list().all()).find((model) => model.demo);
if (!demo) throw new Error("This Berth has no demo model, which the cases talk to");

const outcomes = await runAll({ baseUrl, apiKey, model: demo.id }, ({ name, ms, error }) =>
  console.log(`${error === null ? "ok  " : "FAIL"} ${name} (${ms} ms)${error === null ? "" : `\n     ${error}`}`),
);
process.exitCode = outcomes.every(({ error }) => error === null) ? 0 : 1;
