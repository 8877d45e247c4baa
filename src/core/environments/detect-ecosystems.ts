/** Package managers, by the files that they leave in a repository, and the commands that they are used with. Pure. */

export interface Seen {
  /** At the root. */
  has(name: string): boolean;
  hasFolder(name: string): boolean;
  /** Empty for what is not there or was not read. */
  text(name: string): string;
}

export interface Ecosystem {
  readonly name: string;
  readonly install: string | null;
  readonly test: string | null;
  readonly dev: string | null;
  /** What the command for development runs, where it says. */
  readonly devScript?: string;
}

type Look = (seen: Seen) => Ecosystem | null;

export const ECOSYSTEMS: readonly Look[] = [node, python, go, rust, ruby, php, jvm, elixir];

const DEV_SCRIPTS = ["dev", "start:dev", "serve", "start"];
/** What `npm init` writes where there are no tests. */
const NO_TEST = /no test specified/;

function node(seen: Seen): Ecosystem | null {
  if (!seen.has("package.json")) return null;
  const { scripts, manager } = packageJson(seen.text("package.json"));
  const name = manager ?? nodeManagerOf(seen);
  const dev = DEV_SCRIPTS.find((script) => scripts.has(script));
  const test = scripts.get("test");
  return {
    name,
    install: NODE_INSTALL[name]?.(seen) ?? "npm install",
    test: test === undefined || NO_TEST.test(test) ? null : `${name} test`.replace(/^bun test$/, "bun run test"),
    dev: dev === undefined ? null : `${name} run ${dev}`,
    ...(dev === undefined ? {} : { devScript: scripts.get(dev) ?? "" }),
  };
}

const NODE_INSTALL: Readonly<Record<string, (seen: Seen) => string>> = {
  npm: (seen) => (seen.has("package-lock.json") || seen.has("npm-shrinkwrap.json") ? "npm ci" : "npm install"),
  pnpm: (seen) => (seen.has("pnpm-lock.yaml") ? "pnpm install --frozen-lockfile" : "pnpm install"),
  yarn: (seen) => (seen.has("yarn.lock") ? (seen.has(".yarnrc.yml") ? "yarn install --immutable" : "yarn install --frozen-lockfile") : "yarn install"),
  bun: (seen) => (seen.has("bun.lock") || seen.has("bun.lockb") ? "bun install --frozen-lockfile" : "bun install"),
};

function nodeManagerOf(seen: Seen): string {
  if (seen.has("pnpm-lock.yaml") || seen.has("pnpm-workspace.yaml")) return "pnpm";
  if (seen.has("yarn.lock")) return "yarn";
  return seen.has("bun.lock") || seen.has("bun.lockb") ? "bun" : "npm";
}

/** Whatever is in the file: only texts in the places that are known count. */
function packageJson(text: string): { readonly scripts: ReadonlyMap<string, string>; readonly manager: string | null } {
  const parsed = parseObject(text);
  const entries = Object.entries(isRecord(parsed["scripts"]) ? parsed["scripts"] : {});
  const scripts = new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  const named = typeof parsed["packageManager"] === "string" ? (/^([a-z]+)@/.exec(parsed["packageManager"])?.[1] ?? "") : "";
  return { scripts, manager: Object.hasOwn(NODE_INSTALL, named) ? named : null };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function python(seen: Seen): Ecosystem | null {
  const declared = seen.text("pyproject.toml") + seen.text("requirements.txt") + seen.text("requirements-dev.txt");
  const [name, install, run] = pythonManagerOf(seen);
  if (name === null) return null;
  const isTested = /pytest/.test(declared) || ["pytest.ini", "tox.ini", "conftest.py"].some(seen.has) || seen.hasFolder("tests");
  const dev = seen.has("manage.py") ? `${run}python manage.py runserver` : null;
  return { name, install, test: isTested ? `${run}pytest` : null, dev };
}

function pythonManagerOf(seen: Seen): readonly [name: string | null, install: string | null, run: string] {
  if (seen.has("uv.lock")) return ["uv", "uv sync", "uv run "];
  if (seen.has("poetry.lock") || /^\[tool\.poetry\]/m.test(seen.text("pyproject.toml"))) return ["poetry", "poetry install", "poetry run "];
  if (seen.has("Pipfile")) return ["pipenv", "pipenv install --dev", "pipenv run "];
  const lists = ["requirements.txt", "requirements-dev.txt"].filter(seen.has).map((file) => `-r ${file}`);
  if (lists.length > 0) return ["pip", `pip install ${lists.join(" ")}`, ""];
  return seen.has("pyproject.toml") || seen.has("setup.py") ? ["pip", "pip install -e .", ""] : [null, null, ""];
}

function go(seen: Seen): Ecosystem | null {
  return seen.has("go.mod") ? { name: "go", install: "go mod download", test: "go test ./...", dev: seen.has("main.go") ? "go run ." : null } : null;
}

function rust(seen: Seen): Ecosystem | null {
  return seen.has("Cargo.toml") ? { name: "cargo", install: "cargo fetch", test: "cargo test", dev: seen.hasFolder("src") ? "cargo run" : null } : null;
}

function ruby(seen: Seen): Ecosystem | null {
  if (!seen.has("Gemfile")) return null;
  const isRails = seen.hasFolder("bin") && seen.has("config.ru");
  const test = seen.hasFolder("spec") ? "bundle exec rspec" : seen.has("Rakefile") ? "bundle exec rake test" : null;
  return { name: "bundler", install: "bundle install", test, dev: isRails ? "bin/rails server" : null };
}

function php(seen: Seen): Ecosystem | null {
  if (!seen.has("composer.json")) return null;
  const test = seen.has("phpunit.xml") || seen.has("phpunit.xml.dist") ? "vendor/bin/phpunit" : null;
  return { name: "composer", install: "composer install", test, dev: seen.has("artisan") ? "php artisan serve" : null };
}

function jvm(seen: Seen): Ecosystem | null {
  if (seen.has("gradlew")) return { name: "gradle", install: "./gradlew --no-daemon assemble", test: "./gradlew --no-daemon test", dev: null };
  const maven = seen.has("mvnw") ? "./mvnw" : "mvn";
  return seen.has("pom.xml") ? { name: "maven", install: `${maven} -q -B -DskipTests install`, test: `${maven} -B test`, dev: null } : null;
}

function elixir(seen: Seen): Ecosystem | null {
  if (!seen.has("mix.exs")) return null;
  const isPhoenix = seen.hasFolder("assets") && seen.hasFolder("priv");
  return { name: "mix", install: "mix deps.get", test: "mix test", dev: isPhoenix ? "mix phx.server" : null };
}
