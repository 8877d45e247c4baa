/** Who belongs to an organization: people, service accounts, teams and invitations. */
import { z } from "zod";
import { Role } from "./access.ts";

const Name = z.string().trim().min(1, "a name is needed").max(100, "100 characters at most");
/** Who is no person never owns the organization. */
const LesserRole = Role.exclude(["owner"]);

export const Organization = z.object({ id: z.string(), name: z.string() });
export type Organization = z.infer<typeof Organization>;
export const UpdateOrganization = z.strictObject({ name: Name });
export type UpdateOrganization = z.infer<typeof UpdateOrganization>;
/** What a person says of themselves. */
export const UpdateMe = z.strictObject({ name: Name });
export type UpdateMe = z.infer<typeof UpdateMe>;

export const Member = z.object({ userId: z.string(), name: z.string(), email: z.string(), role: Role, joinedAt: z.iso.datetime() });
export type Member = z.infer<typeof Member>;
export const UpdateMember = z.strictObject({ role: Role });
export type UpdateMember = z.infer<typeof UpdateMember>;

/** A principal of the organization that is no person. Its keys outlive whoever made them. */
export const ServiceAccount = z.object({ id: z.string(), name: z.string(), role: LesserRole, createdAt: z.iso.datetime() });
export type ServiceAccount = z.infer<typeof ServiceAccount>;
export const CreateServiceAccount = z.strictObject({ name: Name, role: LesserRole });
export type CreateServiceAccount = z.infer<typeof CreateServiceAccount>;
export const UpdateServiceAccount = z.strictObject({ name: Name.optional(), role: LesserRole.optional() });
export type UpdateServiceAccount = z.infer<typeof UpdateServiceAccount>;

export const Team = z.object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() });
export type Team = z.infer<typeof Team>;
export const CreateTeam = z.strictObject({ name: Name });
export type CreateTeam = z.infer<typeof CreateTeam>;
export const UpdateTeam = z.strictObject({ name: Name });
export type UpdateTeam = z.infer<typeof UpdateTeam>;
/** A person or a service account, by its id. */
export const TeamMember = z.object({ principalId: z.string(), addedAt: z.iso.datetime() });
export type TeamMember = z.infer<typeof TeamMember>;

export const Invitation = z.object({
  id: z.string(),
  email: z.string(),
  role: Role,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Invitation = z.infer<typeof Invitation>;
export const CreateInvitation = z.strictObject({ email: z.email().max(254), role: Role });
export type CreateInvitation = z.infer<typeof CreateInvitation>;
export const CreatedInvitation = Invitation.extend({
  mailed: z.boolean().describe("whether the link went to the address by mail, and is shown to nobody else"),
  token: z.string().optional().describe("shown once, unless it was mailed; what accepts the invitation"),
  url: z.string().optional().describe("the link to pass on, unless it was mailed; holds the token"),
});
export type CreatedInvitation = z.infer<typeof CreatedInvitation>;
export const AcceptInvitation = z.strictObject({ token: z.string().min(1).max(200) });
export type AcceptInvitation = z.infer<typeof AcceptInvitation>;
export const AcceptedInvitation = z.object({ organization: z.object({ id: z.string(), name: z.string() }), role: Role });
export type AcceptedInvitation = z.infer<typeof AcceptedInvitation>;
