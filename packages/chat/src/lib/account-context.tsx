/** Who is signed in here, and to which Berth. Whoever came by a link may be nobody. */
import { createContext, useContext, type ReactNode } from "react";
import type { Health, Me } from "@berth/sdk";

export interface Account {
  readonly me: Me;
  readonly health: Health;
  /** Asks again who that is. */
  readonly reload: () => Promise<void>;
}

const AccountContext = createContext<Account | null>(null);

export function AccountProvider({ account, children }: { readonly account: Account; readonly children: ReactNode }) {
  return <AccountContext value={account}>{children}</AccountContext>;
}

export function useAccount(): Account {
  const account = useContext(AccountContext);
  if (!account) throw new Error("useAccount outside of AccountProvider");
  return account;
}

/** Null for somebody who is not signed in. */
export function useAccountIfAny(): Account | null {
  return useContext(AccountContext);
}
