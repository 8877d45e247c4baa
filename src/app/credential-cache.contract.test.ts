/** The identity contract on the credential cache around the fake. */
import { describeIdentityContract } from "../ports/identity/identity.contract.ts";
import { InMemoryIdentity } from "../ports/identity/identity.fake.ts";
import { IDENTITY_FAULTS } from "../ports/identity/identity.faults.ts";
import { createCachedIdentity, CredentialCache } from "./credential-cache.ts";

let nowMs = Date.now();
let inner: InMemoryIdentity;
const now = () => nowMs;

describeIdentityContract({
  name: "credential cache",
  create() {
    inner = new InMemoryIdentity({ now });
    return createCachedIdentity(inner, new CredentialCache({ now }));
  },
  advance: (ms) => {
    nowMs += ms;
  },
  now,
  async addOrganization(userName) {
    const email = `${userName.toLowerCase()}@example.com`;
    const orgId = `org-${userName}`;
    inner.directory.organizations.set(orgId, userName);
    return { orgId, userId: inner.addMember({ orgId, userName, role: "owner", email }).userId, email };
  },
  addMember: async (orgId, userName, role) => inner.addMember({ orgId, userName, role }).userId,
  setRole: async (orgId, userId, role) => inner.setRole(orgId, userId, role),
  removeMember: async (orgId, userId) => inner.removeMember(orgId, userId),
  inject: Object.fromEntries(IDENTITY_FAULTS.faults.map(({ id }) => [id, () => inner.faults.arm(id)])),
});
