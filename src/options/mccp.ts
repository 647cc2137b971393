import type { TelnetOption } from "./option.ts";

/**
 * Code of the option MCCP2, MUD Client Compression Protocol 2: after `IAC SB MCCP2 IAC SE` the
 * server's bytes are a zlib stream (RFC 1950).
 */
export const MCCP2 = 0x56;

/** Code of the option MCCP3: the same for the client's bytes. */
export const MCCP3 = 0x57;

/** MCCP2 as the server uses it: who agrees gets the rest compressed. */
export const mccp2: TelnetOption<true> = {
  code: MCCP2,
  name: "MCCP2",
  offer: "local",
  mud: true,
  attach: (session) => ({
    changed(side, change) {
      if (side === "local") session.compress(change === "enabled");
    },
  }),
};

/** MCCP3 as the server uses it: who agrees sends a marker, and all behind it is compressed. */
export const mccp3: TelnetOption<true> = {
  code: MCCP3,
  name: "MCCP3",
  offer: "local",
  mud: true,
  attach: (session) => ({
    subnegotiation(payload) {
      if (payload.length === 0) session.decompress();
    },
  }),
};
