import type { TelnetOption } from "./option.ts";

/** Code of the option LOGOUT (RFC 727): DO LOGOUT asks to be logged out. */
export const LOGOUT = 0x12;

/** LOGOUT as the server uses it: a person who asks is told to the game, then dropped. */
export const logout: TelnetOption<true> = {
  code: LOGOUT,
  name: "LOGOUT",
  agreeLocal: true,
  attach: (session) => ({
    changed(side, change) {
      if (side !== "local" || change !== "enabled") return;
      session.tell("logout", undefined);
      session.leave();
    },
  }),
};
