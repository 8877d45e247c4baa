/** Opens the side list where it is a drawer; null where there is no list. */
import { createContext, useContext } from "react";

export const DrawerContext = createContext<(() => void) | null>(null);

export function useOpenDrawer(): (() => void) | null {
  return useContext(DrawerContext);
}
