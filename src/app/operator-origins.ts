/**
 * Tells each organization, in its list of what was done, which origins inside the network the operator lets calls reach.
 * There is no moment at which all organizations could be told: an isolate compares when it first does something for one.
 */
import type { AuditEntry } from "@berth/protocol";
import { makeId } from "../core/kernel/ids.ts";
import type { Services } from "./services.ts";

/** An organization that is forgotten is compared once more. */
const TOLD_MAX = 10_000;

export interface OriginsNoticeDeps extends Pick<Services, "catalog" | "now" | "randomBytes"> {
  /** What is in force in this process. */
  readonly origins: readonly string[];
  log(entry: object): void;
}

export class OriginsNotice {
  readonly #deps: OriginsNoticeDeps;
  readonly #origins: readonly string[];
  readonly #told = new Set<string>();

  constructor(deps: OriginsNoticeDeps) {
    this.#deps = deps;
    this.#origins = [...new Set(deps.origins)].sort();
  }

  /**
   * Ends when the organization's list says what is in force. What cannot be written is logged and tried again the next time: nobody's
   * request fails for it. @param orgId known to be one, as anything that has authenticated is
   */
  async tell(orgId: string): Promise<void> {
    if (this.#told.has(orgId)) return;
    try {
      await this.#compare(orgId);
    } catch (error) {
      this.#deps.log({ level: "error", event: "operator-origins-not-written-down", orgId, error: String(error) });
      return;
    }
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(orgId);
  }

  async #compare(orgId: string): Promise<void> {
    const { catalog, now, randomBytes } = this.#deps;
    const [from, to] = [await catalog.operatorOrigins(orgId), this.#origins];
    const added = to.filter((origin) => !from.includes(origin));
    const removed = from.filter((origin) => !to.includes(origin));
    if (added.length + removed.length === 0) return;
    const atMs = now();
    const entry: AuditEntry = {
      id: makeId("aud", atMs, randomBytes(10)),
      at: new Date(atMs).toISOString(),
      actor: { kind: "system", id: "operator", name: "operator" },
      action: "OPERATOR_ORIGINS",
      target: { ...(added.length > 0 && { added: added.join(", ") }), ...(removed.length > 0 && { removed: removed.join(", ") }) },
      outcome: "done",
      status: 200,
    };
    await catalog.moveOperatorOrigins(orgId, { from, to, entry });
  }
}
