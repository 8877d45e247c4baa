/** Opens the side list where it is a drawer. */
import { createContext, useContext } from "react";

export const DrawerContext = createContext<() => void>(() => undefined);

export function useOpenDrawer(): () => void {
  return useContext(DrawerContext);
}
