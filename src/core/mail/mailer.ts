/** Sends a mail to one person. The composition decides by what; absent where the operator set none up. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text; a link stands on a line of its own. */
  readonly text: string;
}

export interface Mailer {
  /** Resolves once a mail server has taken it. @throws PortError when none did, or when that is not known */
  send(mail: Mail): Promise<void>;
}
