/** The built page, from the platform's static files. */
import type { WorkerBindings } from "./env.ts";

/** Null when there is no such file. The page stands in for addresses of its own, which have no ending. */
export async function fetchAsset(request: Request, env: unknown): Promise<Response | null> {
  const response = (await (env as WorkerBindings).ASSETS.fetch(request.url)) as unknown as Response;
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  const isNamedFile = /\.(?!html$)[a-z0-9]+$/i.test(new URL(request.url).pathname);
  return isPage && isNamedFile ? null : response;
}
