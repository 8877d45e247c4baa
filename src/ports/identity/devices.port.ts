/** Programs without a browser that ask for a key, and the person in a browser who says yes or no: RFC 8628 in Berth's words. */
import type { Scope } from "@berth/protocol";

export interface DeviceRequest {
  /** As the program calls itself; nobody has checked that. */
  readonly clientName: string;
  readonly scopes: readonly Scope[];
  /** Network address it asked from; null where that is not known. */
  readonly address: string | null;
  readonly createdAtMs: number;
}

export interface StartedDevice {
  /** What the program collects with; seen this once. */
  readonly deviceCode: string;
  /** What a person types: two groups of four letters. */
  readonly userCode: string;
  readonly expiresAtMs: number;
}

/** Whose key it becomes, and what for. */
export interface DeviceGrant {
  readonly orgId: string;
  readonly userId: string;
  readonly scopes: readonly Scope[];
}

export type Collected = { readonly state: "pending" | "denied" } | ({ readonly state: "approved"; readonly clientName: string } & DeviceGrant);

export interface Devices {
  begin(request: Omit<DeviceRequest, "createdAtMs">): Promise<StartedDevice>;
  /** By the code a person typed, whatever its case and separators. Null for one that is unknown, over, or decided. */
  find(userCode: string): Promise<DeviceRequest | null>;
  /** @param grant null says no. @throws PortError `not-found` for a request that is unknown, over, or decided */
  decide(userCode: string, grant: DeviceGrant | null): Promise<void>;
  /** A decision is told once. Null for a code that is unknown, over, or collected. */
  collect(deviceCode: string): Promise<Collected | null>;
}
