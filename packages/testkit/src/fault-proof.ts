/** Proofs of catalogued faults inside a contract: arm the fault, call, compare with the catalog. */
import { expect } from "vitest";
import type { FaultCatalog, FaultId } from "../../../src/core/kernel/fault.ts";
import { verifiesOn, type ContractHarness } from "./harness.ts";

export interface FaultProof<Subject> {
  readonly subject: Subject;
  /** Makes the fault happen on the next matching call. */
  arm(): Promise<void>;
  /** The call fails exactly as the catalog says. */
  failsAsCatalogued(call: () => Promise<unknown>): Promise<void>;
}

/** `ids`: the fault, and rules that its proof also shows. Registers no test where the implementation cannot be made to show the fault; its catalog entry says why. */
export function createFaultProofs<Subject>(harness: ContractHarness<Subject>, catalog: FaultCatalog) {
  return (ids: FaultId | readonly [FaultId, ...string[]], sentence: string, body: (proof: FaultProof<Subject>) => Promise<void>): void => {
    const [id] = typeof ids === "string" ? [ids] : ids;
    const inject = harness.inject?.[id];
    if (!inject) return;
    const symptom = catalog.faults.find((fault) => fault.id === id)?.symptom;
    verifiesOn(harness, ids, sentence, async () => {
      const subject = await harness.create();
      try {
        await body({
          subject,
          arm: async () => inject(subject),
          failsAsCatalogued: async (call) => {
            const error: unknown = await call().then(
              (value) => new Error(`answered ${JSON.stringify(value)}`),
              (raw: unknown) => raw,
            );
            expect(error).toMatchObject({ brand: "berth.PortError", port: catalog.port, ...(symptom as object) });
          },
        });
      } finally {
        await harness.dispose?.();
      }
    });
  };
}
