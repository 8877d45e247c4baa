/** The contract on the fake. */
import { describeSecretVaultContract } from "./secret-vault.contract.ts";
import { InMemorySecretVault } from "./secret-vault.fake.ts";
import { SECRET_VAULT_FAULTS } from "./secret-vault.faults.ts";
import type { SecretVault } from "./secret-vault.port.ts";

const clock = { nowMs: 0 };

const arm = (id: string) => (subject: SecretVault) => {
  if (subject instanceof InMemorySecretVault) subject.faults.arm(id);
};

describeSecretVaultContract({
  name: "fake",
  clock,
  create: () => new InMemorySecretVault({ now: () => clock.nowMs }),
  inject: Object.fromEntries(SECRET_VAULT_FAULTS.faults.map(({ id }) => [id, arm(id)])),
});
