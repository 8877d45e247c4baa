/** `node packages/demo-model/src/main.ts`: PORT (0 for a free one) and HOST from the environment; prints one JSON line. */
import { startDemoModel } from "./server.ts";

const model = await startDemoModel({ port: Number(process.env["PORT"] ?? 0), host: process.env["HOST"] ?? "127.0.0.1" });
console.log(JSON.stringify({ listening: model.port }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void model.close().then(() => process.exit(0)));
}
