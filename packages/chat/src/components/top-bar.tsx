/** The line above a view; holds the drawer's button where there is a drawer. */
import type { ReactNode } from "react";
import { IconButton } from "../ui/button.tsx";
import { useOpenDrawer } from "./drawer-context.ts";
import css from "./top-bar.module.css";

export function TopBar({ children }: { readonly children?: ReactNode }) {
  const openDrawer = useOpenDrawer();
  return (
    <header className={`${css.bar} ${children ? css.lined : ""}`}>
      {openDrawer ? <IconButton icon="menu" label="Show sessions" className={css.menu ?? ""} onClick={openDrawer} /> : null}
      {children}
    </header>
  );
}
