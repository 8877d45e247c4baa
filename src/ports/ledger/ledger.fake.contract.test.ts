/** The contract on the fake. */
import { describeLedgerContract } from "./ledger.contract.ts";
import { InMemoryLedger } from "./ledger.fake.ts";
import type { Ledger } from "./ledger.port.ts";

const arm = (id: string) => (ledger: Ledger) => {
  if (ledger instanceof InMemoryLedger) ledger.faults.arm(id);
};
const create = () => new InMemoryLedger({ now: () => Date.UTC(2026, 10, 20) });

describeLedgerContract({
  name: "fake",
  create,
  createOther: create,
  inject: {
    "ledger:reserve:overloaded": arm("ledger:reserve:overloaded"),
    "ledger:reserve:unreachable": arm("ledger:reserve:unreachable"),
    "ledger:reserve:lost-answer": arm("ledger:reserve:lost-answer"),
    "ledger:reserve:no-answer": arm("ledger:reserve:no-answer"),
    "ledger:reserve:slow": arm("ledger:reserve:slow"),
  },
});
