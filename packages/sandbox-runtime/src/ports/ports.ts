/** Answers the tunnel's streams for ports: a request, or a WebSocket, to what listens on this sandbox's own loopback. */
import { OpenPort, OpenPortList, type NamedPort } from "@berth/protocol";
import type { Accept } from "../../../../src/core/tunnel/tunnel-end.ts";
import type { StreamListener, TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { listeningPorts } from "./listening.ts";
import { withNames } from "./names.ts";
import { PortRequest } from "./port-request.ts";
import { PortSocket } from "./port-socket.ts";

const LISTED_MAX = 1_000;

/** Takes the streams that are for a port; null for others. @param named asked each time: a sandbox is told after it began */
export function acceptPort(what: Parameters<Accept>[0], stream: TunnelStream, named: () => readonly NamedPort[] = () => []): ReturnType<Accept> | null {
  if (OpenPortList.safeParse(what).success) return listPorts(stream, named);
  if (what["kind"] !== "port") return null;
  const parsed = OpenPort.safeParse(what);
  if (!parsed.success) return "That is no request this sandbox can pass to a port.";
  try {
    return parsed.data.socket ? new PortSocket(parsed.data, stream) : new PortRequest(parsed.data, stream);
  } catch (error) {
    // Names and values that HTTP does not know, or protocols that WebSockets do not: the rest of the tunnel is not to end with them.
    return `This cannot be passed to a port: ${(error as Error).message}`;
  }
}

function listPorts(stream: TunnelStream, named: () => readonly NamedPort[]): StreamListener {
  const listed = listeningPorts().then((ports) => withNames(ports.slice(0, LISTED_MAX), named()));
  void listed.then(
    (ports) => {
      stream.sendHead(ports);
      stream.end();
    },
    () => stream.reset("the sandbox cannot tell what listens in it"),
  );
  return { data: () => undefined, reset: () => undefined };
}
