/** The machine Berth runs on, when that is the user's own: what can be found there and offered. Absent on Cloudflare. */
import type { Discovery, ProviderKind } from "@berth/protocol";

export interface FoundProvider {
  readonly provider: string;
  readonly kind: ProviderKind;
  readonly baseUrl: string | null;
  /** A secret; goes straight to the vault. Null for a local model server. */
  readonly key: string | null;
}

export interface FolderInfo {
  /** Absolute, links resolved. */
  readonly path: string;
  readonly isRepository: boolean;
  readonly branch: string | null;
  /** Files changed and not committed; the session starts without them. */
  readonly uncommitted: number;
}

export interface LocalMachine {
  /** Keys in the environment, logins of a local OpenCode, model servers on this machine. Never answers a value. */
  discover(): Promise<readonly Omit<Discovery, "imported">[]>;
  /** @throws PortError `not-found` */
  reveal(discoveryId: string): Promise<FoundProvider>;
  gitIdentity(): Promise<{ readonly name: string; readonly email: string } | null>;
  /** @throws PortError `not-found`, or `permission-denied` for a folder Berth will not touch (its own state) */
  inspectFolder(path: string): Promise<FolderInfo>;
}
