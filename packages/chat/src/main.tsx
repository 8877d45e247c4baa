/** Starts the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Berth } from "@berth/sdk";
import { App } from "./app.tsx";
import { BerthProvider } from "./lib/berth-context.tsx";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root");

createRoot(root).render(
  <StrictMode>
    <BerthProvider berth={new Berth()}>
      <App />
    </BerthProvider>
  </StrictMode>,
);
