/** Requests of programs for a key, in memory. */
import { SCOPES, type Scope } from "@berth/protocol";
import { makeUserCode, showUserCode } from "../../core/access/user-code.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import type { Collected, DeviceGrant, DeviceRequest, Devices, StartedDevice } from "./devices.port.ts";

const LIFETIME_MS = 10 * 60 * 1000;

interface Stored extends DeviceRequest, StartedDevice {
  decision: Collected;
}

export class InMemoryDevices implements Devices {
  #requests: Stored[] = [];
  readonly #options: { readonly now: () => number; readonly random: () => string };

  constructor(options: { readonly now: () => number; readonly random: () => string }) {
    this.#options = options;
  }

  async begin({ clientName, scopes, address }: Omit<DeviceRequest, "createdAtMs">): Promise<StartedDevice> {
    const { now, random } = this.#options;
    const deviceCode = random();
    const userCode = makeUserCode(crypto.getRandomValues(new Uint8Array(64)));
    const expiresAtMs = now() + LIFETIME_MS;
    this.#requests.push({ clientName, scopes: inOrder(scopes), address, createdAtMs: now(), deviceCode, userCode, expiresAtMs, decision: { state: "pending" } });
    return { deviceCode, userCode, expiresAtMs };
  }

  async find(userCode: string): Promise<DeviceRequest | null> {
    const found = this.#waiting(userCode);
    return found && { clientName: found.clientName, scopes: found.scopes, address: found.address, createdAtMs: found.createdAtMs };
  }

  async decide(userCode: string, grant: DeviceGrant | null): Promise<void> {
    const found = this.#waiting(userCode);
    if (!found) throw new PortError({ port: "identity", operation: "decide", code: "not-found", outcome: "not-applied", retry: "never", message: "There is no such request of a device." });
    found.decision = grant === null ? { state: "denied" } : { state: "approved", clientName: found.clientName, ...grant, scopes: inOrder(grant.scopes) };
  }

  async collect(deviceCode: string): Promise<Collected | null> {
    const found = this.#alive().find((each) => each.deviceCode === deviceCode);
    if (!found) return null;
    if (found.decision.state !== "pending") this.#requests = this.#requests.filter((each) => each !== found);
    return found.decision;
  }

  #waiting(userCode: string): Stored | null {
    return this.#alive().find((each) => each.userCode === showUserCode(userCode) && each.decision.state === "pending") ?? null;
  }

  #alive(): Stored[] {
    return this.#requests.filter(({ expiresAtMs }) => expiresAtMs > this.#options.now());
  }
}

function inOrder(scopes: readonly Scope[]): readonly Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}
