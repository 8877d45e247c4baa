/** The built page, from the platform's static files. */
import type { WorkerBindings } from "./env.ts";

export async function fetchAsset(request: Request, env: unknown): Promise<Response> {
  return (await (env as WorkerBindings).ASSETS.fetch(request.url)) as unknown as Response;
}
