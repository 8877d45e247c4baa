/** What a secret may be called, and into which headers it may go. Pure. */

/** Variables by which programs find what they run, load or trust: a secret has no business there, and an attacker has. */
const RESERVED = /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|TMP|TEMP|TERM|LANG|IFS|ENV|EDITOR|VISUAL|PAGER|PS4|PROMPT_COMMAND|BASH_.*|LC_.*|LD_.*|DYLD_.*|NODE_.*|NPM_CONFIG_.*|PYTHON.*|PERL.*|RUBY.*|JAVA_TOOL_OPTIONS|GIT_.*|SSH_.*|XDG_.*|BERTH_.*|OPENCODE_.*|(HTTP|HTTPS|ALL|NO)_PROXY|(SSL|CURL)_.*)$/;

export function isReservedName(name: string): boolean {
  return RESERVED.test(name);
}

/** What the connection itself needs, what names the caller, and what the platform adds. */
const NOT_FOR_SECRETS = /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept-encoding|proxy-.*|sec-.*|cf-.*|x-forwarded-.*|x-real-ip|forwarded|via|date)$/i;

export function mayCarrySecret(header: string): boolean {
  return !NOT_FOR_SECRETS.test(header);
}

/** A header's value is one line; other characters than these are sent in different ways by different programs. */
export function fitsHeader(value: string): boolean {
  return value.length <= 8_192 && /^[\x20-\x7e]+$/.test(value) && value.trim() === value;
}
