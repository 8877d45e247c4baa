/** Services, ports and variables that a repository's own files speak of. Line by line: files are read, not evaluated. Pure. */

/** By what their images, and the schemes of their addresses, are called. */
const SERVICES: readonly (readonly [name: string, image: RegExp, scheme: RegExp])[] = [
  ["postgres", /\b(postgres|postgis|pgvector|timescaledb)\b/, /\bpostgres(ql)?:\/\//],
  ["mysql", /\b(mysql|mariadb|percona)\b/, /\b(mysql|mariadb):\/\//],
  ["redis", /\b(redis|valkey|keydb)\b/, /\brediss?:\/\//],
  ["mongodb", /\bmongo(db)?\b/, /\bmongodb(\+srv)?:\/\//],
  ["rabbitmq", /\brabbitmq\b/, /\bamqps?:\/\//],
  ["kafka", /\b(kafka|redpanda)\b/, /\bkafka:\/\//],
  ["elasticsearch", /\b(elasticsearch|opensearch)\b/, /\belasticsearch:\/\//],
  ["minio", /\bminio\b/, /\bs3:\/\/minio/],
  ["mailpit", /\b(mailpit|mailhog|maildev)\b/, /\bsmtp:\/\/(mailpit|mailhog|maildev)/],
  ["nats", /\bnats\b/, /\bnats:\/\//],
];

/** @param compose text of Compose files; @param samples of examples of variables */
export function servicesIn(compose: string, samples: string): readonly string[] {
  const images = compose.split("\n").flatMap((line) => /^\s*image:\s*["']?([^\s"'#]+)/.exec(line)?.[1] ?? []);
  return SERVICES.filter(([, image, scheme]) => images.some((each) => image.test(each)) || scheme.test(samples)).map(([name]) => name);
}

export interface PortPlaces {
  readonly compose: string;
  readonly dockerfile: string;
  readonly samples: string;
  /** What is run for development. */
  readonly commands: readonly string[];
}

/** In order of number: what a container opens, what is published on the machine, and what a command or variable names. */
export function portsIn({ compose, dockerfile, samples, commands }: PortPlaces): readonly number[] {
  const exposed = dockerfile.split("\n").flatMap((line) => (/^\s*EXPOSE\s/i.test(line) ? numbersIn(line) : []));
  const published = compose.split("\n").flatMap((line) => /^\s*-\s*["']?(?:[\d.]+:)?(\d{2,5}):\d{2,5}(?:\/tcp)?["']?\s*$/.exec(line)?.[1] ?? []);
  const named = samples.split("\n").flatMap((line) => /^\s*(?:export\s+)?[A-Z_]*PORT\s*=\s*["']?(\d{2,5})["']?\s*$/.exec(line)?.[1] ?? []);
  const given = commands.flatMap((command) => [...command.matchAll(/(?:--port[= ]|\s-p[= ]|\bPORT=)(\d{2,5})\b/g)].flatMap((match) => match[1] ?? []));
  const ports = [...exposed, ...published, ...named, ...given].map(Number).filter((port) => port > 0 && port < 65_536);
  return [...new Set(ports)].sort((left, right) => left - right);
}

function numbersIn(line: string): readonly string[] {
  return [...line.matchAll(/\b(\d{2,5})(?:\/tcp)?\b/g)].flatMap((match) => match[1] ?? []);
}

/** Without their values, which in an example are nobody's. */
export function variableNamesIn(samples: string): readonly string[] {
  return [...new Set(samples.split("\n").flatMap((line) => /^\s*(?:export\s+)?([A-Z][A-Z0-9_]{0,63})\s*=/.exec(line)?.[1] ?? []))];
}
