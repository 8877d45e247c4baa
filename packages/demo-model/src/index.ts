export { startDemoModel, type DemoModel, type DemoModelOptions } from "./server.ts";
