/** What listens, by the names that the session's environment has, and what it names where nothing listens yet. */
import type { ListeningPort, ListeningPorts, NamedPort } from "@berth/protocol";

export function withNames(listening: readonly ListeningPort[], named: readonly NamedPort[]): ListeningPorts {
  const names = new Map(named.map(({ port, name }) => [port, name]));
  const ports = listening.map((each) => {
    const name = names.get(each.port);
    return name === undefined ? each : { ...each, name };
  });
  const expected = named.filter(({ port }) => !listening.some((each) => each.port === port));
  return { ports, ...(expected.length > 0 && { expected: [...expected] }) };
}
