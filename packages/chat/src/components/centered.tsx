/** What stands in the middle of the main part, instead of a view. */
import type { ReactNode } from "react";
import { TopBar } from "./top-bar.tsx";

export function Centered({ children }: { readonly children: ReactNode }) {
  return (
    <>
      <TopBar />
      {children}
    </>
  );
}
