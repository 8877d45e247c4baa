/** `npm run conformance`: the kit of the stream contract, on a server, a client, or the SDK. The key may come as BERTH_API_KEY. */
import { run as runKit } from "../../../conformance/src/command.ts";

export function run(args: readonly string[]): Promise<number> {
  return runKit(args, process.env["BERTH_API_KEY"]);
}
