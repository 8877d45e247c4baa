/** The SDK's cases against a running Berth: `BERTH_API_KEY=… node packages/sdk/test/run-cases.ts <address>`. */
import { Berth } from "@berth/sdk";
import { sdkCases, type CaseContext } from "./cases.ts";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8787";
const apiKey = process.env["BERTH_API_KEY"] ?? "";
const demo = (await new Berth({ baseUrl, apiKey }).models.list().all()).find((model) => model.demo);
if (!demo) throw new Error("This Berth has no demo model, which the cases talk to");

const context: CaseContext = { baseUrl, apiKey, model: demo.id };
let failed = 0;
for (const { name, run } of sdkCases) {
  const started = performance.now();
  const error: unknown = await run(context).then(() => null, (reason: unknown) => reason);
  if (error !== null) failed++;
  console.log(`${error === null ? "ok  " : "FAIL"} ${name} (${Math.round(performance.now() - started)} ms)${error === null ? "" : `\n     ${String(error)}`}`);
}
process.exitCode = failed === 0 ? 0 : 1;
