/** The cases in a Worker: POST what the cases need, as JSON; the answer holds the outcomes. */
import type { CaseContext } from "../cases.ts";
import { runAll } from "./run-all.ts";

const worker = {
  async fetch(request: Request): Promise<Response> {
    const told = (await request.json()) as CaseContext;
    return Response.json({ runtime: navigator.userAgent, outcomes: await runAll(told) });
  },
};

export default worker;
