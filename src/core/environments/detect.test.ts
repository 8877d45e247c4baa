/** What is guessed of a repository. */
import { describe, expect, test } from "vitest";
import { detect, type Detected } from "./detect.ts";

const of = (texts: Readonly<Record<string, string>>, ...more: readonly string[]): Detected => detect({ paths: [...Object.keys(texts), ...more], texts: new Map(Object.entries(texts)) });
const commands = ({ packageManagers, install, test: tests, dev }: Detected) => ({ packageManagers, install, test: tests, dev });

describe("detecting what a repository needs", () => {
  test.each<[string, Detected, Partial<Detected>]>([
    ["npm with its lockfile", of({ "package.json": '{"scripts":{"test":"vitest run","dev":"vite --port 5174"}}' }, "package-lock.json"), { packageManagers: ["npm"], install: ["npm ci"], test: ["npm test"], dev: ["npm run dev"], ports: [5174], setupScript: "npm ci\n" }],
    ["npm without", of({ "package.json": '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1","start":"node ."}}' }), { install: ["npm install"], test: [], dev: ["npm run start"] }],
    ["the named package manager before a lockfile", of({ "package.json": '{"packageManager":"pnpm@10.1.0"}' }, "package-lock.json"), { packageManagers: ["pnpm"], install: ["pnpm install"] }],
    ["Yarn of today", of({ "package.json": "{}" }, "yarn.lock", ".yarnrc.yml"), { packageManagers: ["yarn"], install: ["yarn install --immutable"] }],
    ["Bun", of({ "package.json": '{"scripts":{"test":"x"}}' }, "bun.lock"), { install: ["bun install --frozen-lockfile"], test: ["bun run test"] }],
    ["uv", of({ "pyproject.toml": '[dependency-groups]\ndev = ["pytest"]' }, "uv.lock"), { packageManagers: ["uv"], install: ["uv sync"], test: ["uv run pytest"] }],
    ["pip and Django", of({ "requirements.txt": "django\n" }, "manage.py", "tests/test_a.py"), { packageManagers: ["pip"], install: ["pip install -r requirements.txt"], test: ["pytest"], dev: ["python manage.py runserver"] }],
    ["Poetry", of({ "pyproject.toml": "[tool.poetry]\nname = 'x'" }), { install: ["poetry install"], test: [] }],
    ["Go", of({}, "go.mod", "main.go"), { install: ["go mod download"], test: ["go test ./..."], dev: ["go run ."] }],
    ["Rust", of({}, "Cargo.toml", "src/main.rs"), { install: ["cargo fetch"], test: ["cargo test"] }],
    ["Ruby", of({ Gemfile: "" }, "spec/a_spec.rb"), { install: ["bundle install"], test: ["bundle exec rspec"] }],
    ["Maven with its wrapper", of({}, "pom.xml", "mvnw"), { test: ["./mvnw -B test"] }],
    ["two at once, and a Makefile", of({ "package.json": "{}", Makefile: "test: build\n\tgo test ./...\ndev:\n" }, "package-lock.json", "go.mod"), { packageManagers: ["npm", "go"], install: ["npm ci", "go mod download"], test: ["go test ./...", "make test"], dev: ["make dev"], setupScript: "npm ci\ngo mod download\n" }],
  ])("[ENV9] %s", (_, found, expected) => {
    expect(found).toMatchObject(expected);
  });

  test("[ENV9] services, ports and variables are those that its own files name", () => {
    const found = of({
      "compose.yaml": 'services:\n  db:\n    image: "postgres:16-alpine"\n    ports:\n      - "5432:5432"\n  cache:\n    image: ghcr.io/valkey-io/valkey:8 # comment\n  web:\n    build: .\n    ports:\n      - 127.0.0.1:8080:80\n',
      Dockerfile: "FROM node:24\nEXPOSE 3000 9229/tcp\n",
      ".env.example": "# PORT=1\nPORT=4000\nexport AMQP=amqp://localhost\nEMPTY=\nlower=1\n",
    });
    expect(found).toMatchObject({ services: ["postgres", "redis", "rabbitmq"], ports: [3000, 4000, 5432, 8080, 9229], variables: ["PORT", "AMQP", "EMPTY"] });
  });

  test("[ENV9] what nothing is known of, or cannot be read, proposes nothing", () => {
    const nothing = { packageManagers: [], install: [], test: [], dev: [], services: [], ports: [], variables: [], setupScript: "" };
    expect(of({ "README.md": "npm ci" }, "docs/package.json")).toEqual({ fileCount: 2, ...nothing });
    for (const text of ["", "{", "[]", "null", '{"scripts":[1],"packageManager":7}', '{"scripts":{"test":7,"__proto__":"x"},"packageManager":"constructor@1"}']) {
      expect(commands(of({ "package.json": text })), text).toEqual({ packageManagers: ["npm"], install: ["npm install"], test: [], dev: [] });
    }
  });
});
