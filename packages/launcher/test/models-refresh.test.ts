/** `models:refresh` against a server of this machine: nothing is written unless what came is whole and what it should be. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { run } from "../src/commands/models-refresh.ts";
import { catalogueUrl, downloadCatalogue } from "../src/model-catalogue.ts";

const MODEL = { limit: { context: 9, output: 8 }, cost: { input: 1, output: 2, cache_read: null }, tags: ["unknown to us"] };
let folder: string;
let into: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-models-refresh-"));
  into = join(folder, "model-data.ts");
  writeFileSync(into, "as before");
});

afterEach(() => rmSync(folder, { recursive: true }));

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api.json`;
}

const serving = (text: string) => serve((_, response) => void response.end(text));
const refresh = (url: string) => run(["--taken-on", "2026-01-02"], { env: { MODELS_URL: url }, into });

function catalogue(first: object = { api: "https://p0.example/v1", models: { m: MODEL } }): Record<string, unknown> {
  const provider = (i: number) => ({ id: `p${i}`, api: `https://p${i}.example/v1`, models: { m: MODEL } });
  return { ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`p${i}`, provider(i)])), p0: first };
}

test("what a server gives is written, with where and when it was taken", async () => {
  const url = await serving(JSON.stringify(catalogue()));
  expect(await refresh(url)).toBe(0);
  const text = readFileSync(into, "utf8");
  expect(text).toContain(`takenOn: "2026-01-02",\n  source: ${JSON.stringify(url)}`);
  expect(text).toContain(String.raw`{ id: "p9", host: "p9.example", models: "{\"m\":[9,8,1000000,2000000,0,0,0]}" },`);
});

test.each([
  ["no JSON", "<!doctype html>", "That is not JSON"],
  ["JSON cut short", JSON.stringify(catalogue()).slice(0, -9), "That is not JSON"],
  ["a list", "[1, 2]", "the whole of it"],
  ["a provider that is a word", JSON.stringify({ ...catalogue(), p3: "acme" }), "p3: "],
  ["an address that is a number", JSON.stringify(catalogue({ api: 5, models: {} })), "p0/api: "],
  ["a price in words", JSON.stringify(catalogue({ models: { m: { cost: { input: "1", output: 2 } } } })), "p0/models/m/cost/input: "],
  ["a price that nothing costs", JSON.stringify(catalogue({ models: { m: { cost: { input: 1e9, output: 2 } } } })), "p0/models/m/cost/input: "],
  ["a model in words, in a package's layout", JSON.stringify(catalogue({ m: "cheap" })), "p0/m: "],
  ["too few providers", JSON.stringify({ p1: catalogue()["p1"] }), "Only 1 providers"],
])("%s changes nothing, and it is said where it is wrong", async (_, text, words) => {
  await expect(refresh(await serving(text))).rejects.toThrow(words);
  expect(readFileSync(into, "utf8")).toBe("as before");
});

test("a redirect is not followed, and it is said where it leads", async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(302, { location: "https://elsewhere.example/api.json" }).end();
  });
  await expect(refresh(url)).rejects.toThrow("it leads to https://elsewhere.example/api.json; set MODELS_URL to that");
  expect([asked, readFileSync(into, "utf8")]).toEqual([["/api.json"], "as before"]);
});

test("a refusal is told with its status", async () => {
  await expect(refresh(await serve((_, response) => void response.writeHead(503).end("{}")))).rejects.toThrow("it answered 503");
});

test("what is larger than it may be is not read to its end, also where it does not say so or was packed small", async () => {
  let sent = 0;
  const endless = await serve((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(1_000))) sent += 1_000;
    };
    response.on("drain", more);
    more();
  });
  await expect(downloadCatalogue(endless, { bytesMax: 100_000 })).rejects.toThrow("larger than 100000 bytes");
  expect(sent).toBeLessThan(50_000_000);
  const packed = await serve((_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(1_000_000))));
  await expect(downloadCatalogue(packed, { bytesMax: 100_000 })).rejects.toThrow("larger than 100000 bytes");
});

test("a server that does not answer is not waited for longer than said", async () => {
  await expect(downloadCatalogue(await serve(() => undefined), { timeoutMs: 50 })).rejects.toThrow("could not be read");
});

test("the address is models.dev's unless a variable names another, which nobody on the way can change", () => {
  expect(catalogueUrl({})).toBe("https://models.dev/api.json");
  expect(catalogueUrl({ MODELS_URL: "https://mirror.example/models.json" })).toBe("https://mirror.example/models.json");
  for (const given of ["http://mirror.example/models.json", "file:///etc/passwd", "mirror"]) expect(() => catalogueUrl({ MODELS_URL: given })).toThrow("https://");
});
