/** Whose key of a model provider a call goes out with. Pure. */
import type { ProviderKind, SandboxProviderConfig } from "@berth/protocol";

export interface OwnedProvider {
  /** Name in `provider/model`. */
  readonly provider: string;
  readonly kind: ProviderKind;
  /** Whose own it is; null for the organization's. */
  readonly userId: string | null;
}

/** As a session knows it; the sandbox is told neither of these. */
export type SessionProvider = SandboxProviderConfig & {
  /** The person whose own key is behind it. */
  readonly ownerId?: string;
  /** The organization has a key of that name too, for when the person's own is not used. */
  readonly hasStandIn?: true;
};

/**
 * One of each name: the person's own before the organization's. What speaks another way than the organization's of its name
 * stays unused, since a session's agent speaks to a provider in one way, whoever asks.
 */
export function providersFor<P extends OwnedProvider>(all: readonly P[], userId: string | null): readonly P[] {
  const shared = all.filter((each) => each.userId === null);
  const own = all.filter((each) => userId !== null && each.userId === userId && shared.every(({ provider, kind }) => provider !== each.provider || kind === each.kind));
  return all.filter((each) => own.includes(each) || (each.userId === null && own.every(({ provider }) => provider !== each.provider)));
}

/** A session's list once `authorId` brings theirs: what is others' own stays, for their runs. */
export function withOthersOwn(brought: readonly SessionProvider[], known: readonly SessionProvider[], authorId: string): readonly SessionProvider[] {
  const others = known.filter(({ id, ownerId }) => ownerId !== undefined && ownerId !== authorId && brought.every((each) => each.id !== id));
  return [...brought, ...others];
}
