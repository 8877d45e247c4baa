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
  addMember: async (orgId, userName, role) => subject.addMember({ orgId, userName, role }).userId,
  setRole: async (orgId, userId, role) => subject.setRole(orgId, userId, role),
  removeMember: async (orgId, userId) => subject.removeMember(orgId, userId),
  inject: Object.fromEntries(IDENTITY_FAULTS.faults.map(({ id }) => [id, () => subject.faults.arm(id)])),
});
