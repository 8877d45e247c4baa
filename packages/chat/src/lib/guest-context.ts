/** Set where a session is shown by what a link gave, and not by a sign-in. */
import { createContext, useContext } from "react";
import type { Pass } from "./share-link.ts";

export const GuestContext = createContext<Pass | null>(null);

export function useGuest(): Pass | null {
  return useContext(GuestContext);
}
