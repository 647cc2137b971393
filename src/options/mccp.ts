import { checkBoolean, rejectUnknownKeys } from "../protocol/validate.ts";
import type { TelnetOption } from "./option.ts";

/** The configuration of MCCP. */
export interface MccpConfig {
  /**
   * Whether to compress an encrypted connection too. An eavesdropper can then guess secrets from
   * the length of the encrypted data (CRIME). Default `false`.
   */
  readonly encrypted?: boolean;
}

function check(config: true | MccpConfig): void {
  if (config === true) return;
  rejectUnknownKeys("MCCP", config, { encrypted: true });
  if (config.encrypted !== undefined) checkBoolean("`encrypted` of MCCP", config.encrypted);
}

const encryptedToo = (config: true | MccpConfig) => config !== true && config.encrypted === true;

/**
 * Code of the option MCCP2, MUD Client Compression Protocol 2: after `IAC SB MCCP2 IAC SE` the
 * server's bytes are a zlib stream (RFC 1950).
 */
export const MCCP2 = 0x56;

/** Code of the option MCCP3: the same for the client's bytes. */
export const MCCP3 = 0x57;

/** MCCP2 as the server uses it: compresses its output after the client agrees. */
export const mccp2: TelnetOption<true | MccpConfig> = {
  code: MCCP2,
  name: "MCCP2",
  offer: "local",
  mud: true,
  changesStream: "output",
  offerEncrypted: encryptedToo,
  check,
  attach: (context) => ({
    changed(side, change) {
      if (side === "local") context.effects.compress(change === "enabled");
    },
    withdrawn() {
      context.effects.compress(false);
    },
  }),
};

/** MCCP3 as the server uses it: decompresses everything after the client's marker. */
export const mccp3: TelnetOption<true | MccpConfig> = {
  code: MCCP3,
  name: "MCCP3",
  offer: "local",
  mud: true,
  changesStream: "input",
  offerEncrypted: encryptedToo,
  check,
  attach: (context) => ({
    subnegotiation(payload) {
      if (payload.length === 0) context.effects.decompress();
    },
  }),
};

/** MCCP2 as the client uses it: decompresses everything after the server's marker. */
export const mccp2Client: TelnetOption<true> = {
  code: MCCP2,
  name: "MCCP2",
  agreeRemote: true,
  changesStream: "input",
  attach: (context) => ({
    subnegotiation(payload) {
      if (payload.length === 0) context.effects.decompress();
    },
  }),
};

/** MCCP3 as the client uses it: sends a marker, and compresses everything after it. */
export const mccp3Client: TelnetOption<true> = {
  code: MCCP3,
  name: "MCCP3",
  agreeRemote: true,
  attach: (context) => ({
    changed(side, change) {
      if (side === "remote") context.effects.compress(change === "enabled");
    },
  }),
};
