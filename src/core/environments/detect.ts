/**
 * What a repository needs to be worked on, guessed from the names of its files and the text of a few of them, before any
 * sandbox exists. Pure; what it proposes a person reads before it is kept.
 */
import { ECOSYSTEMS, type Seen } from "./detect-ecosystems.ts";
import { portsIn, servicesIn, variableNamesIn } from "./detect-services.ts";

/** Whose text is worth reading. All of them at the root. */
export const READ_FILES = [
  "package.json",
  "pyproject.toml",
  "requirements.txt",
  "requirements-dev.txt",
  "composer.json",
  "Gemfile",
  "Makefile",
  "Dockerfile",
  "docker-compose.yml",
  "docker-compose.yaml",
  "compose.yml",
  "compose.yaml",
  ".env.example",
  ".env.sample",
] as const;

const COMPOSE = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];
const SAMPLES = [".env.example", ".env.sample"];

export interface RepositoryFiles {
  /** Paths from the root. */
  readonly paths: readonly string[];
  /** Text by path, of those in `READ_FILES` that there are. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface Detected {
  readonly fileCount: number;
  /** `npm`, `uv`, `cargo` …; in the order in which they were looked for. */
  readonly packageManagers: readonly string[];
  readonly install: readonly string[];
  readonly test: readonly string[];
  readonly dev: readonly string[];
  /** By their usual names: `postgres`, `redis` … */
  readonly services: readonly string[];
  readonly ports: readonly number[];
  /** Names that the repository's own example of variables lists. */
  readonly variables: readonly string[];
  /** What would set a fresh sandbox up; empty where nothing was recognized. */
  readonly setupScript: string;
}

export function detect({ paths, texts }: RepositoryFiles): Detected {
  const root = new Set(paths.filter((path) => !path.includes("/")));
  const folders = new Set(paths.filter((path) => path.includes("/")).map((path) => path.slice(0, path.indexOf("/"))));
  const seen: Seen = { has: (name) => root.has(name), hasFolder: (name) => folders.has(name), text: (name) => texts.get(name) ?? "" };
  const found = ECOSYSTEMS.map((look) => look(seen)).filter((each) => each !== null);
  const compose = COMPOSE.map(seen.text).join("\n");
  const samples = SAMPLES.map(seen.text).join("\n");
  const install = unique(found.map((each) => each.install));
  return {
    fileCount: paths.length,
    packageManagers: unique(found.map(({ name }) => name)),
    install,
    test: unique([...found.map((each) => each.test), hasTarget(seen, "test") ? "make test" : null]),
    dev: unique([...found.map((each) => each.dev), hasTarget(seen, "dev") ? "make dev" : null]),
    services: servicesIn(compose, samples),
    ports: portsIn({ compose, dockerfile: seen.text("Dockerfile"), samples, commands: found.map(({ devScript }) => devScript ?? "") }),
    variables: variableNamesIn(samples),
    setupScript: install.map((command) => `${command}\n`).join(""),
  };
}

function hasTarget({ text }: Seen, name: string): boolean {
  return text("Makefile").split("\n").some((line) => line.startsWith(`${name}:`));
}

function unique(all: readonly (string | null)[]): readonly string[] {
  return [...new Set(all.filter((each) => each !== null))];
}
