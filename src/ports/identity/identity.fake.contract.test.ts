/** The contract on the fake. */
import { InMemoryIdentity } from "./identity.fake.ts";
import { describeIdentityContract } from "./identity.contract.ts";
import { IDENTITY_FAULTS } from "./identity.faults.ts";

let nowMs = Date.now();
let subject: InMemoryIdentity;

describeIdentityContract({
  name: "fake",
  create() {
    subject = new InMemoryIdentity({ now: () => nowMs });
    return subject;
  },
  advance: (ms) => {
    nowMs += ms;
  },
  now: () => nowMs,
  async addOrganization(userName) {
    const email = `${userName.toLowerCase()}@example.com`;
    const orgId = `org-${userName}`;
    subject.directory.organizations.set(orgId, userName);
    return { orgId, userId: subject.addMember({ orgId, userName, role: "owner", email }).userId, email };
  },
  addMember: async (orgId, userName, role) => subject.addMember({ orgId, userName, role }).userId,
  setRole: async (orgId, userId, role) => subject.setRole(orgId, userId, role),
  removeMember: async (orgId, userId) => subject.removeMember(orgId, userId),
  inject: Object.fromEntries(IDENTITY_FAULTS.faults.map(({ id }) => [id, () => subject.faults.arm(id)])),
});
