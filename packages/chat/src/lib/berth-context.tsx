/** The SDK client of the page. Everything the page does goes through it. */
import { createContext, useContext, type ReactNode } from "react";
import type { Berth } from "@berth/sdk";

const BerthContext = createContext<Berth | null>(null);

export function BerthProvider({ berth, children }: { readonly berth: Berth; readonly children: ReactNode }) {
  return <BerthContext value={berth}>{children}</BerthContext>;
}

export function useBerth(): Berth {
  const berth = useContext(BerthContext);
  if (!berth) throw new Error("useBerth outside of BerthProvider");
  return berth;
}
