/** A real git server for suites: `git http-backend` behind Node's own HTTP server, closed without the password. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface GitServer {
  readonly origin: string;
  readonly username: string;
  readonly password: string;
  /** One line per request: method, path and status. */
  readonly seen: readonly string[];
  /** Header values of every request, to look for what must not arrive. */
  readonly headers: readonly string[];
  /** Makes a repository with one commit on `main`. Answers its address. */
  makeRepository(path: string, files?: Readonly<Record<string, string>>): Promise<string>;
  /** Git on the server's side, in that repository. */
  git(path: string, ...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Needs `git`. */
export async function startGitServer({ username = "ada", password = "example-git-password-1" } = {}): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), "berth-git-server-"));
  const seen: string[] = [];
  const headers: string[] = [];
  const git = async (path: string, ...args: string[]): Promise<string> => (await run("git", ["-C", join(root, path), ...args], { env: environment(), maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
  const server = createServer((request, response) => {
    headers.push(JSON.stringify(request.headers));
    response.on("finish", () => seen.push(`${request.method ?? ""} ${request.url ?? ""} ${response.statusCode}`));
    if (request.headers.authorization !== `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="example"' }).end();
      return;
    }
    serve(root, username, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    username,
    password,
    seen,
    headers,
    git,
    async makeRepository(path, files = { "README.md": "hello\n" }) {
      await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", join(root, path)], { env: environment() });
      await git(path, "config", "http.receivepack", "true");
      const lines = Object.entries(files).flatMap(([name, text]) => [`M 644 inline ${name}`, `data ${Buffer.byteLength(text)}`, text]);
      const stream = ["commit refs/heads/main", "committer Example <example@example.com> 1700000000 +0000", "data 5", "Start", ...lines, ""].join("\n");
      const importing = run("git", ["-C", join(root, path), "fast-import", "--quiet"], { env: environment() });
      importing.child.stdin?.end(stream);
      await importing;
      return `${origin}/${path}`;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const IDENTITY = { GIT_AUTHOR_NAME: "Example", GIT_AUTHOR_EMAIL: "example@example.com", GIT_COMMITTER_NAME: "Example", GIT_COMMITTER_EMAIL: "example@example.com" };

/** Nothing of the machine's own configuration. */
function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", ...IDENTITY, ...more };
}

/** One request as CGI. */
function serve(root: string, user: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://host.invalid");
  const { "content-type": type, "content-length": length, "content-encoding": encoding, "git-protocol": protocol } = request.headers;
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: environment({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REMOTE_USER: user,
      REMOTE_ADDR: "127.0.0.1",
      ...(type === undefined ? {} : { CONTENT_TYPE: type }),
      ...(length === undefined ? {} : { CONTENT_LENGTH: length }),
      ...(encoding === undefined ? {} : { HTTP_CONTENT_ENCODING: encoding }),
      ...(typeof protocol === "string" ? { GIT_PROTOCOL: protocol } : {}),
    }),
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  let head = "";
  const onHead = (chunk: Buffer): void => {
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    child.stdout.off("data", onHead);
    const fields = head.slice(0, end).split("\r\n").map((line) => line.split(/: (.*)/s) as [string, string]);
    const status = fields.find(([name]) => name.toLowerCase() === "status")?.[1] ?? "200";
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(fields.filter(([name]) => name.toLowerCase() !== "status")));
    response.write(Buffer.from(head.slice(end + 4), "latin1"));
    child.stdout.pipe(response);
  };
  child.stdout.on("data", onHead);
  child.on("close", () => response.end());
  response.on("close", () => child.kill());
}
