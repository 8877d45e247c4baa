/** The contract on the fake. */
import { describeCatalogContract } from "./catalog.contract.ts";
import { InMemoryCatalog } from "./catalog.fake.ts";
import { CATALOG_FAULTS } from "./catalog.faults.ts";
import type { Catalog } from "./catalog.port.ts";

let nowMs = Date.parse("2026-11-20T10:00:00.000Z");

const arm = (id: string) => (subject: Catalog) => {
  if (subject instanceof InMemoryCatalog) subject.faults.arm(id);
};

describeCatalogContract({
  name: "fake",
  create: () => new InMemoryCatalog({ now: () => nowMs }),
  advance: (ms) => {
    nowMs += ms;
  },
  inject: Object.fromEntries(CATALOG_FAULTS.faults.map(({ id }) => [id, arm(id)])),
});
