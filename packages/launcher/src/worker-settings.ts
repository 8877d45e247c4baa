/** What the supervisor tells the Worker's process, by one variable that only the two of them see. */

export interface OperatorOrigin {
  readonly origin: string;
  /** Name of the service binding that reaches it. */
  readonly binding: string;
}

export interface WorkerSettings {
  readonly scriptPath: string;
  readonly assetsPath: string;
  readonly statePath: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The database as each of the Worker's two roles. */
  readonly databaseUrls: { readonly app: string; readonly auth: string };
  readonly operatorOrigins: readonly OperatorOrigin[];
  /** Variables and secrets of the Worker, as in `.dev.vars.example`. */
  readonly vars: Readonly<Record<string, string>>;
  /** Where workerd can be looked into; nowhere when absent. */
  readonly inspectorPort?: number;
}

const VARIABLE = "BERTH_WORKER_SETTINGS";

export function workerSettingsEnv(settings: WorkerSettings): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(settings) };
}

export function readWorkerSettings(env: NodeJS.ProcessEnv): WorkerSettings {
  const text = env[VARIABLE];
  if (!text) throw new Error(`${VARIABLE} is not set; this process is started by the launcher`);
  return JSON.parse(text) as WorkerSettings;
}
