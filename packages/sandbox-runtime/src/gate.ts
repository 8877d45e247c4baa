/**
 * The way out of a sandbox without a network: a socket that its host answers. Programs know addresses, not sockets, so one
 * on the loopback device leads there.
 */
import { connect, createServer, type AddressInfo } from "node:net";
import { joinSockets } from "./join-sockets.ts";

export interface Gate {
  readonly socket: string;
  /** 0 for any. */
  readonly port: number;
}

/** @returns the port on 127.0.0.1 */
export function openGate({ socket: path, port }: Gate): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
    joinSockets(inner, connect({ path, allowHalfOpen: true }));
  });
  // Whoever uses it keeps the program going, not the gate.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** The same address by way of the gate. */
export function throughGate(url: string, port: number): string {
  const { pathname, search } = new URL(url);
  return `ws://127.0.0.1:${port}${pathname}${search}`;
}
