import type { OptionState, TelnetOption } from "./option.ts";

/** Code of the option LOGOUT (RFC 727): DO LOGOUT asks to be logged out. */
export const LOGOUT = 0x12;

/** The events that LOGOUT reports to the game. */
export interface LogoutEvents {
  /** The person asks to be logged out; the client is dropped afterwards. */
  logout: undefined;
}

/** LOGOUT as the server uses it: reports the request to the game, then drops the client. */
export const logout: TelnetOption<true, OptionState, LogoutEvents> = {
  code: LOGOUT,
  name: "LOGOUT",
  events: ["logout"],
  agreeLocal: true,
  attach: (context) => ({
    changed(side, change) {
      if (side !== "local" || change !== "enabled") return;
      context.emit("logout", undefined);
      context.effects.leave();
    },
  }),
};
