/** The contract on the fake. */
import { describeRunHistoryContract } from "./run-history.contract.ts";
import { InMemoryRunHistory } from "./run-history.fake.ts";
import { RUN_HISTORY_FAULTS } from "./run-history.faults.ts";
import type { RunHistory } from "./run-history.port.ts";

const arm = (id: string) => (subject: RunHistory) => {
  if (subject instanceof InMemoryRunHistory) subject.faults.arm(id);
};

describeRunHistoryContract({
  name: "fake",
  create: () => new InMemoryRunHistory(),
  inject: Object.fromEntries(RUN_HISTORY_FAULTS.faults.map(({ id }) => [id, arm(id)])),
});
