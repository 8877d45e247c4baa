import { verifies } from "@berth/testkit";
import type { WebSocket as WorkerSocket } from "@cloudflare/workers-types";
import { expect } from "vitest";
import { closeSocket } from "./sockets.ts";

verifies("WSP21", "of a reason as much is told as a socket takes, whole letters only", () => {
  const told: string[] = [];
  const socket = { readyState: WebSocket.OPEN, close: (_code: number, reason: string) => void told.push(reason) } as unknown as WorkerSocket;
  for (const reason of ["short", "x".repeat(500), "é".repeat(100), "日".repeat(41)]) closeSocket(socket, 4000, reason);
  expect(told).toEqual(["short", "x".repeat(123), "é".repeat(61), "日".repeat(41)]);
});
